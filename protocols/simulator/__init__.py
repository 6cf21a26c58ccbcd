"""A building full of real BACnet/IP and Modbus TCP devices on this machine's loopback addresses.

Owns a model of a building and the processes that serve it. Only `manage.py simulate`, tests and
benchmarks may import it: no production code knows that its devices may be simulated.
"""
