"""Who asks, behind a proxy; and whose pages may open sockets there."""

from typing import Any

import pytest
from django.test import override_settings

from t3000.origin import is_our_origin
from t3000.proxy import BehindProxy, ClientAddress


async def asked(kind: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """The scope that the application gets."""
    seen: dict[str, Any] = {}

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.update(scope)

    scope = {"type": kind, "client": ["127.0.0.1", 40000], "headers": list(headers)}
    await BehindProxy(application)(scope, None, None)
    return seen


@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
async def test_the_last_proxy_says_who_asks_and_how(kind: str, scheme: str) -> None:
    """What stands before its entry was written by the client."""
    scope = await asked(
        kind, (b"x-forwarded-for", b"10.0.0.1, 192.0.2.7"), (b"x-forwarded-proto", b"https")
    )
    assert scope["client"] == ("192.0.2.7", 0)
    assert scope["scheme"] == scheme


async def test_of_two_headers_the_last_counts() -> None:
    scope = await asked("http", (b"x-forwarded-for", b"10.0.0.1"), (b"x-forwarded-for", b"::1"))
    assert scope["client"] == ("::1", 0)


async def test_without_the_headers_it_is_who_is_connected() -> None:
    scope = await asked("websocket")
    assert scope["client"] == ["127.0.0.1", 40000]
    assert scope["scheme"] == "ws"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("10.0.0.1, unknown", "127.0.0.1"),
        ("_hidden", "127.0.0.1"),
        ("1.2.3", "127.0.0.1"),
        ("[2001:db8::1", "2001:db8::1"),
        ("[", "127.0.0.1"),
        ("é", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
async def test_what_is_no_address_leaves_the_peers(said: str, address: str) -> None:
    scope = await asked("http", (b"x-forwarded-for", said.encode()))
    assert scope["client"][0] == address


@pytest.mark.parametrize(
    ("client", "known"),
    [
        (["::1", 40000], ("::1", 40000)),
        (["fe80::1%eth0", 40000], ("fe80::1", 40000)),
        (["::ffff:10.0.0.7", 40000], ("10.0.0.7", 40000)),
        (["", 0], None),
        (["/run/t3000.sock", 0], None),
        (None, None),
    ],
)
async def test_who_is_connected_has_an_address_or_none(client: Any, known: Any) -> None:
    seen: dict[str, Any] = {}

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.update(scope)

    await ClientAddress(application)({"type": "http", "client": client}, None, None)
    assert seen["client"] == known


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "is_ours"),
    [
        ("https://bms.example.org", "https", "bms.example.org", True),
        ("https://BMS.example.org:8443", "https", "bms.example.org:8443", True),
        ("http://bms.example.org", "https", "bms.example.org", False),
        ("https://bms.example.org", "http", "bms.example.org", False),
        ("https://evil.example", "https", "bms.example.org", False),
        ("https://evil.example", "https", "evil.example", False),
        ("null", "https", "bms.example.org", False),
        ("https://www.trusted.example", "http", "upstream:8000", True),
        ("https://panel.sub.example", "http", "upstream:8000", True),
        ("http://panel.sub.example", "http", "upstream:8000", False),
        ("https://evilsub.example", "http", "upstream:8000", False),
    ],
)
@override_settings(
    ALLOWED_HOSTS=["bms.example.org"],
    CSRF_TRUSTED_ORIGINS=["https://www.trusted.example", "https://*.sub.example"],
)
def test_our_origins(origin: str, scheme: str, host: str, is_ours: bool) -> None:
    assert is_our_origin(origin, scheme, host) is is_ours
