"""An answer to ReadPropertyMultiple that waits for the values of the moment."""

import struct
from collections.abc import Sequence

from protocols.bacnet.codec.apdu import READ_PROPERTY_MULTIPLE
from protocols.bacnet.codec.services import decode_results
from protocols.simulator.fast.catalogue import PRESENT_VALUE, Catalogue, Made

HEAD = struct.Struct(">2sH4sB")  # BVLC, length, NPDU and ComplexACK, service
INVOKE_ID = 7  # its place in the datagram


class Template:
    """`objects` are those whose values it wants, in this order. All devices share it."""

    def __init__(self, datagram: bytes, values: Sequence[tuple[int, Made]]) -> None:
        places = [(INVOKE_ID, "B"), *((place, made.code) for place, made in values)]
        parts, end = [], 0
        for place, code in places:
            parts += [f"{place - end}s", code]
            end = place + struct.calcsize(code)
        parts.append(f"{len(datagram) - end}s")
        self._struct = struct.Struct(">" + "".join(parts))
        self._fields = list(self._struct.unpack(datagram))
        self.objects = tuple(made for _place, made in values)
        self.length = len(datagram) - INVOKE_ID + 1  # of the APDU

    @classmethod
    def of(cls, catalogue: Catalogue, data: bytes) -> "Template":
        """Of an answer's service data, in which all properties but present values never change."""
        head = b"\x01\x00\x30\x00" + bytes([READ_PROPERTY_MULTIPLE])
        datagram = b"\x81\x0a" + (4 + len(head) + len(data)).to_bytes(2, "big") + head
        values = [
            (len(datagram) + result.stop - struct.calcsize(made.code), made)
            for result in decode_results(data)
            if result.property == PRESENT_VALUE
            for made in [catalogue.objects[result.object]]
        ]
        return cls(datagram + data, values)

    def filled(self, invoke_id: int, values: Sequence[float]) -> bytes:
        """The whole datagram."""
        self._fields[1::2] = [invoke_id, *values]
        return self._struct.pack(*self._fields)
