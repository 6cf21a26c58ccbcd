"""Who asks, when a proxy asks for them.

Daphne's own reading of these headers believes the first address of X-Forwarded-For, which the
client wrote itself where a proxy only appends to the header.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

SCHEMES = {"http": "http", "websocket": "ws"}


class ClientAddress:
    """The address of who is connected, as a database takes it; none where it is not an address,
    as with a Unix socket."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope.get("client"):
            address, port = scope["client"]
            known = _address(str(address))
            scope = {**scope, "client": (known, port) if known else None}
        return await self.application(scope, receive, send)


class BehindProxy:
    """Takes the client's address and scheme from what the last proxy says. Only for a site that
    nobody can reach past the proxy: anybody may send these headers."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] not in SCHEMES:
            return await self.application(scope, receive, send)
        address = _address(_last(scope["headers"], b"x-forwarded-for"))
        is_secure = _last(scope["headers"], b"x-forwarded-proto") in ("https", "wss")
        scheme = SCHEMES[scope["type"]] + ("s" if is_secure else "")
        said = {"client": (address, 0)} if address else {}
        return await self.application({**scope, **said, "scheme": scheme}, receive, send)


def _address(said: str) -> str:
    """Without brackets, port and zone, which some proxies and systems add; empty if it is none. A
    socket for both kinds tells IPv4 as ::ffff:10.0.0.7: all of those are no neighbours."""
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        address = ip_address(said.partition("%")[0])
    except ValueError:  # "unknown", or a name
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def _last(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """The last entry of a header: the others were not written by our proxy."""
    values = [value for key, value in headers if key == name]
    return values[-1].decode("latin-1").rpartition(",")[2].strip() if values else ""
