"""Whose pages may open our sockets: our own, and those of the trusted origins.

Browsers send the cookies of a site with a socket that any page opens; only the Origin header tells
whose page it was. Channels' own validator compares host names and passes any port.
A program has no page; it brings a token, which no browser can be made to send.
"""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from devices.domain import tokens


class SameOriginValidator:
    """Passes a socket whose Origin is the host and port it was asked from; denies all others."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if b"origin" not in headers and tokens.in_header(headers.get(b"authorization", "")):
            return await self.application(scope, receive, send)
        if is_our_origin(headers.get(b"origin", ""), headers.get(b"host", "")):
            return await self.application(scope, receive, send)
        return await WebsocketDenier()(scope, receive, send)


def is_our_origin(origin: str, host: str) -> bool:
    """`origin` as "http://host:port", `host` as the Host header has it."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    domain, _port = split_domain_port(host)
    is_allowed = bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
    return is_allowed and urlsplit(origin).netloc.lower() == host.lower()
