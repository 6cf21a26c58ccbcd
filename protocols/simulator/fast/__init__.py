"""Many BACnet/IP devices for little: answers of our own codec, for load and for large networks.

What never changes is encoded once for all devices of the same points; what was asked before is
answered by putting the values of the moment in their places.
"""
