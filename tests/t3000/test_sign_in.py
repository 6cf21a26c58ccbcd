"""Signing in: who guesses has to wait, who is right is not held up, and the log knows."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import redis
from channels.testing import WebsocketCommunicator
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.http import HttpResponse
from django.test import Client

from devices.domain import sign_in
from t3000.routing import websocket_urlpatterns
from tests.factories import make_user
from tests.servers import RedisServer

pytestmark = pytest.mark.django_db
RIGHT = "correct-horse-battery"
_numbers = count(1)


@pytest.fixture
def address() -> str:
    """Of this test alone: the cache outlives it."""
    return f"198.51.100.{next(_numbers)}"


@pytest.fixture(autouse=True)
def _names() -> None:
    make_user("jb")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    lines: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    ear = Ear()
    sign_in.log.addHandler(ear)
    yield lines
    sign_in.log.removeHandler(ear)


def enter(address: str, password: str = "wrong-guess", username: str = "jb") -> Any:
    answer = {"username": username, "password": password}
    return Client(REMOTE_ADDR=address).post("/login/", answer)


def test_after_five_failures_even_the_right_password_has_to_wait(
    address: str, said: list[str]
) -> None:
    for _ in range(sign_in.TRIES):
        assert enter(address).status_code == 200
    for password in ("wrong-guess", RIGHT):
        response: HttpResponse = enter(address, password)
        assert response.status_code == 429
        assert 14 * 60 < int(response["Retry-After"]) <= 15 * 60
        html = response.content.decode()
        assert "Too many failed tries. The next one is possible in 15 minutes." in html
        assert "is wrong" not in html
    assert said[:5] == [f"'jb' could not sign in from {address}"] * 5
    assert [line.partition(":")[0] for line in said[5:]] == [
        f"too many tries to sign in from {address}"
    ]
    assert enter(f"203.0.{address[7:]}", RIGHT).status_code == 302


def test_who_is_right_begins_anew(address: str) -> None:
    for _ in range(2):
        for _ in range(sign_in.TRIES - 1):
            assert enter(address).status_code == 200
        assert enter(address, RIGHT).status_code == 302


def test_an_address_has_thirty_tries_and_an_account_of_its_own_gives_no_more(address: str) -> None:
    for number in range(sign_in.TRIES_OF_ADDRESS):
        assert enter(address, username=f"guess{number}").status_code == 200
        if number % 10 == 0:
            assert enter(address, RIGHT).status_code == 302
    assert enter(address, username="another").status_code == 429


def test_the_window_ends(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "TRIES", 0)
    assert enter(address, RIGHT).status_code == 429
    cache.touch(sign_in._own("jb", address), 0)
    monkeypatch.setattr(sign_in, "TRIES", 1)
    assert enter(address, RIGHT).status_code == 302


def test_many_at_once_are_not_more(address: str) -> None:
    with ThreadPoolExecutor(20) as pool:
        waits = list(pool.map(lambda _n: sign_in.begin_try("jb", address), range(40)))
    assert waits.count(0) == sign_in.TRIES


def test_neighbours_of_ipv6_are_one_and_others_are_not() -> None:
    for number in range(sign_in.TRIES):
        assert sign_in.begin_try("jb", f"2001:db8::{number + 1}") == 0
    assert sign_in.begin_try("jb", "2001:db8::ffff") > 0
    assert sign_in.begin_try("jb", "2001:db8:0:1::1") == 0


@pytest.mark.parametrize("username", ["x\u2028y\u202e", "é" * 150, "a b"])
def test_a_name_is_one_word_of_the_log(address: str, said: list[str], username: str) -> None:
    enter(address, username=username)
    (line,) = said
    assert line.isprintable()
    assert len(line) < 150
    assert line.endswith(f"' could not sign in from {address}")


def test_the_password_is_not_logged(address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    enter(address, "my-other-secret")
    enter(address, RIGHT)
    queries = [one for one in caplog.records if one.name == "django.db.backends"]
    others = [one.getMessage() for one in caplog.records if one not in queries]
    assert f"'jb' could not sign in from {address}" in others
    assert "my-other-secret" not in str(others)
    assert RIGHT not in str(others)


def test_without_the_cache_one_can_sign_in(
    redis_server: RedisServer, address: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "cache", RedisCache(redis_server.url, {}))
    redis_server.stop()
    for _ in range(sign_in.TRIES + 1):
        enter(address)
    assert enter(address, RIGHT).status_code == 302
    redis_server.start()
    for _ in range(sign_in.TRIES):
        assert enter(address).status_code == 200
    assert enter(address, RIGHT).status_code == 429
    lines = [line.partition(":")[0] for line in said if "counted" in line]
    assert lines == ["tries to sign in are not counted", "tries to sign in are counted again"]


def test_processes_count_together(redis_server: RedisServer, address: str) -> None:
    with redis.Redis.from_url(redis_server.url) as server:
        for _ in range(sign_in.TRIES):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sign_in, "cache", RedisCache(redis_server.url, {}))
                assert sign_in.begin_try("jb", address) == 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sign_in, "cache", RedisCache(redis_server.url, {}))
            assert sign_in.begin_try("jb", address) > 0
        ends = [server.ttl(key) for key in server.scan_iter()]  # type: ignore[union-attr]
    assert ends
    assert all(0 < one <= sign_in.WINDOW for one in ends)


def test_of_wrong_tokens_from_one_address_there_is_one_line(address: str, said: list[str]) -> None:
    other = f"203.0.{address[7:]}"
    for asker in (address, address, other):
        client = Client(REMOTE_ADDR=asker)
        response = client.get("/api/t3000/points", headers={"Authorization": "Token abc"})
        assert response.status_code == 401
    assert said == [f"a wrong API token came from {one}" for one in (address, other)]


@pytest.mark.django_db(transaction=True)
async def test_a_wrong_token_at_the_live_socket_is_logged_too(
    address: str, said: list[str]
) -> None:
    from channels.routing import URLRouter

    headers = [(b"authorization", b"Token abc")]
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/live", headers)
    socket.scope["client"] = [address, 40000]
    await socket.connect()
    assert (await socket.receive_output())["code"] == 4401
    assert said == [f"a wrong API token came from {address}"]


def test_who_was_put_out_reads_why(client: Client) -> None:
    asked = "The page that you asked for opens after you sign in."
    assert asked in client.get("/login/?next=/devices/").content.decode()
    page = client.get("/login/?ended=1&next=%2Fdevices%2F").content.decode()
    assert "Your session was ended or has run out." in page
    assert asked not in page
