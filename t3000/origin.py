"""Whose pages may open our sockets: our own, and those of the trusted origins.

Browsers send the cookies of a site with a socket that any page opens; only the Origin header tells
whose page it was. Channels' own validator compares host names and passes any port.
A program has no page; it brings a token, which no browser can be made to send.
"""

from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain

from devices.domain import tokens


class SameOriginValidator:
    """Passes a socket whose Origin is the scheme, host and port it was asked from; denies all
    others. Pages judge their forms by the same rule (CsrfViewMiddleware)."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if b"origin" not in headers and tokens.in_header(headers.get(b"authorization", "")):
            return await self.application(scope, receive, send)
        scheme = "https" if scope.get("scheme") == "wss" else "http"
        if is_our_origin(headers.get(b"origin", ""), scheme, headers.get(b"host", "")):
            return await self.application(scope, receive, send)
        return await WebsocketDenier()(scope, receive, send)


def is_our_origin(origin: str, scheme: str, host: str) -> bool:
    """`origin` as "http://host:port", `host` as the Host header has it."""
    origin, host = origin.lower(), host.lower()
    if any(_is_trusted(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        return True
    domain, _port = split_domain_port(host)
    is_allowed = bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
    return is_allowed and origin == f"{scheme}://{host}"


def _is_trusted(origin: str, trusted: str) -> bool:
    """`trusted` may stand for all subdomains: https://*.example.org."""
    scheme, _, host = trusted.partition("://")
    if not host.startswith("*"):
        return origin == trusted
    its_scheme, _, its_host = origin.partition("://")
    return its_scheme == scheme and is_same_domain(its_host, host.lstrip("*"))
