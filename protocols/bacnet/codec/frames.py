"""What carries an APDU over UDP: the BVLC and NPDU heads (135-2020 annex J and clause 6)."""

from typing import NamedTuple

from protocols.errors import CodecError

BVLC = 0x81
FORWARDED, ORIGINAL_UNICAST, ORIGINAL_BROADCAST = 0x04, 0x0A, 0x0B
CARRIERS = {FORWARDED: 10, ORIGINAL_UNICAST: 4, ORIGINAL_BROADCAST: 4}  # octets of the head
HOPS = 255
EXPECTS_REPLY, HAS_SOURCE, HAS_DESTINATION, ROUTERS = 0x04, 0x08, 0x20, 0x80  # clause 6.2.2
GLOBAL = 65535  # a broadcast to all networks


class Station(NamedTuple):
    """A device behind a router: the number of its network and its MAC, empty for all there."""

    network: int
    mac: bytes


class Frame(NamedTuple):
    """`source` None: a device on the network itself. `sender`: who sent a forwarded broadcast."""

    apdu: bytes
    source: Station | None
    sender: tuple[str, int] | None
    is_broadcast: bool


def wrap(
    apdu: bytes,
    *,
    to: Station | None = None,
    expects_reply: bool = False,
    is_broadcast: bool = False,
) -> bytes:
    """The datagram; its APDU is its end."""
    control = EXPECTS_REPLY if expects_reply else 0
    if to is None:
        head = bytes([1, control])
    else:
        address = to.network.to_bytes(2, "big") + bytes([len(to.mac)]) + to.mac
        head = bytes([1, control | HAS_DESTINATION]) + address + bytes([HOPS])
    function = ORIGINAL_BROADCAST if is_broadcast else ORIGINAL_UNICAST
    length = 4 + len(head) + len(apdu)
    return bytes([BVLC, function]) + length.to_bytes(2, "big") + head + apdu


def unwrap(datagram: bytes) -> Frame | None:
    """None: nothing that carries an APDU to us. Raises CodecError."""
    if len(datagram) < 6 or datagram[0] != BVLC:
        raise CodecError("it is no BACnet/IP")
    function = datagram[1]
    if function not in CARRIERS:
        return None
    if int.from_bytes(datagram[2:4], "big") != len(datagram):
        raise CodecError(f"it says it has other than its {len(datagram)} octets")
    sender = None
    if function == FORWARDED:
        if len(datagram) < 10:
            raise CodecError("it is cut off")
        host = ".".join(map(str, datagram[4:8]))
        sender = (host, int.from_bytes(datagram[8:10], "big"))
    carried = _apdu(datagram, CARRIERS[function])
    if carried is None:
        return None
    return Frame(*carried, sender, function != ORIGINAL_UNICAST)


def _apdu(datagram: bytes, at: int) -> tuple[bytes, Station | None] | None:
    """What stands behind the NPDU head, and who sent it by a router. None: a message between
    routers."""
    if len(datagram) < at + 2:
        raise CodecError("it is cut off")
    version, control = datagram[at], datagram[at + 1]
    if version != 1:
        raise CodecError(f"there is no version {version} of the protocol")
    if control & ROUTERS:
        return None
    at += 2
    source = None
    if control & HAS_DESTINATION:
        _, at = _station(datagram, at)
    if control & HAS_SOURCE:
        source, at = _station(datagram, at)
        if not source.mac:
            raise CodecError("it comes from nobody")
    if control & HAS_DESTINATION:
        at += 1  # the hop count
    if at >= len(datagram):
        raise CodecError("it is cut off")
    return datagram[at:], source


def _station(datagram: bytes, at: int) -> tuple[Station, int]:
    if at + 3 > len(datagram):
        raise CodecError("an address is cut off")
    network, length = int.from_bytes(datagram[at : at + 2], "big"), datagram[at + 2]
    at += 3
    if at + length > len(datagram):
        raise CodecError("an address is cut off")
    return Station(network, datagram[at : at + length]), at + length
