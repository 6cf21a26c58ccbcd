"""The web process behind a TLS proxy, asked as such a proxy asks."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.site import PASSWORD, PATIENCE, ROOT, Site, end, new_database, wait_for

HOST = "bms.example.org"
BY_TLS = {"Host": HOST, "X-Forwarded-For": "10.9.9.9, 192.0.2.7", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("web")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "T3000_DATA_DIR": str(folder / "var"),
        "T3000_ADMIN_PASSWORD": PASSWORD,
        "T3000_ALLOWED_HOSTS": HOST,
        "T3000_HTTPS": "true",
        "T3000_PROXY": "true",
        "DJANGO_SETTINGS_MODULE": "t3000.settings",
        "PYTHONUNBUFFERED": "1",
    }
    log = folder / "log"
    with new_database() as url, log.open("w") as output:
        environment |= {"DATABASE_URL": url} if url else {}
        subprocess.run(
            [sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environment, check=True,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "manage.py", "web", "--port", str(port)], cwd=ROOT, env=environment,
            stdout=output, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        made = Site(process, f"http://127.0.0.1:{port}", port, 0, log)
        try:
            wait_for(lambda: "Serving on" in log.read_text(), made)
            yield made
        finally:
            end(process)
    assert process.returncode == 0
    assert "Traceback" not in log.read_text()


def ask(web: Site, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.body = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_by_tls_cookies_are_secure_and_browsers_stay_with_it(web: Site) -> None:
    answer = ask(web, "/login/", BY_TLS)
    assert answer.status == 200
    assert "max-age=2592000" in answer.headers["Strict-Transport-Security"]
    assert re.search(r"csrftoken=.*; Secure", answer.headers["Set-Cookie"])


def test_without_tls_one_is_sent_there_but_a_probe_is_answered(web: Site) -> None:
    answer = ask(web, "/login/", BY_TLS | {"X-Forwarded-Proto": "http"})
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/login/")
    probe = ask(web, "/healthz", {"Host": HOST})
    assert (probe.status, json.loads(probe.body)["status"]) == (200, "ok")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("origin", "proto"), [(f"http://{HOST}", "https"), (f"https://{HOST}", "http")]
)
def test_a_page_without_tls_may_not_open_a_socket(web: Site, origin: str, proto: str) -> None:
    headers = {"X-Forwarded-Proto": proto, "X-Forwarded-For": "192.0.2.7"}
    with pytest.raises(InvalidStatus) as caught, socket_to(web, origin, headers):
        pass
    assert caught.value.response.status_code == 403


def test_our_page_may(web: Site) -> None:
    headers = {name: BY_TLS[name] for name in ("X-Forwarded-For", "X-Forwarded-Proto")}
    socket_ = socket_to(web, f"https://{HOST}", headers)
    with socket_, pytest.raises(ConnectionClosed) as caught:
        socket_.recv(timeout=PATIENCE)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4401  # nobody is signed in


def socket_to(web: Site, origin: str, headers: dict[str, str]):
    return connect(
        f"ws://{HOST}/ws/live",
        sock=socket.create_connection(("127.0.0.1", web.port)),
        origin=origin,  # type: ignore[arg-type]
        additional_headers=headers,
        proxy=None,
    )
