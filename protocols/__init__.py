"""How to speak with devices in the field: drivers and codecs.

Owns the wire: addresses, requests, replies, time-outs and their errors. Knows no Django, no
database and none of the other apps; it is asyncio, dataclasses and bytes.
"""
