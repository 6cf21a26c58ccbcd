"""The whole product as people start it: a process of its own, a simulated building, real sockets.

For the tests that look at it from outside, as a browser does.
"""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
import psycopg.conninfo
import pytest
from django.conf import settings
from websockets.sync.client import ClientConnection, connect

from protocols.simulator.demo import demo_building
from t3000.environment import POSTGRESQL

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct-horse-battery"
PATIENCE = 60.0
HAS_PROCESSES = bool(settings.REDIS_URL)


@dataclass
class Site:
    """A running site and a browser's cookies."""

    process: "subprocess.Popen[str]"
    url: str
    port: int
    demo_port: int
    log: Path
    cookies: CookieJar = field(default_factory=CookieJar)
    start: "Callable[[], subprocess.Popen[str]] | None" = None

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def get(self, path: str) -> str:
        with self._opener.open(self.url + path, timeout=10) as response:
            return response.read().decode()

    def post(self, path: str, **fields: str) -> None:
        token = next((one.value for one in self.cookies if one.name == "csrftoken"), "")
        body = urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        request = urllib.request.Request(self.url + path, body, {"Referer": self.url})
        self._opener.open(request, timeout=10).close()

    def api(self, method: str, path: str, body: object = None) -> Any:
        """What the REST API answers; raises urllib's HTTPError for a refusal."""
        token = next((one.value for one in self.cookies if one.name == "csrftoken"), "")
        request = urllib.request.Request(
            f"{self.url}/api/t3000/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Referer": self.url, "X-CSRFToken": token, "Content-Type": "application/json"},
            method=method,
        )
        with self._opener.open(request, timeout=30) as response:
            return json.loads(response.read() or "null")

    def kill_field(self) -> None:
        """Ends what serves the field as a power cut would, and everything else that needs it."""
        pid = self.process.pid
        if HAS_PROCESSES:
            mark = f"T3000_REDIS_PREFIX=t3000-site-{self.port}\0".encode()
            pid = next(
                int(found.parent.name)
                for found in Path("/proc").glob("[0-9]*/cmdline")
                if b"\0field@" in read(found) and mark in read(found.with_name("environ"))
            )
        os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def restart(self) -> None:
        """After its end."""
        assert self.start is not None
        self.log.write_text("")
        self.process = self.start()
        wait_for(lambda: "Serving on" in self.log.read_text(), self)

    def sign_in(self) -> None:
        self.get("/login/")
        self.post("/login/", username="admin", password=PASSWORD)

    def devices(self) -> dict[str, int]:
        """Ids by address, as the list shows them."""
        page = self.get("/devices/")
        rows = re.findall(r'data-device="(\d+)".*?(127\.0\.0\.\d+):\d+', page, re.DOTALL)
        return {address: int(number) for number, address in rows}

    def points(self, device_id: int) -> list[int]:
        tabs = ("inputs", "outputs", "variables")
        pages = "".join(self.get(f"/devices/{device_id}/{tab}/") for tab in tabs)
        return [int(one) for one in re.findall(r'data-point="(\d+)"', pages)]

    def live(self) -> ClientConnection:
        cookie = "; ".join(f"{one.name}={one.value}" for one in self.cookies)
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/live",
            origin=self.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie},
            proxy=None,
        )


def read(file: Path) -> bytes:
    """Nothing of a process that has just ended."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


@contextmanager
def running_site(folder: Path, *, demo: bool = True) -> Iterator[Site]:
    """Serves, with the demo unless told otherwise, until the end of the block. Its devices are
    found by then and the administrator is signed in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo_port = 30000 + port % 10000
    log = folder / "log"
    environment = {
        **os.environ,
        "T3000_DATA_DIR": str(folder / "var"),
        "T3000_ADMIN_PASSWORD": PASSWORD,
        "T3000_REDIS_PREFIX": f"t3000-site-{port}",
        "DJANGO_SETTINGS_MODULE": "t3000.settings",
        "PYTHONUNBUFFERED": "1",
    }
    command = ["script/processes.py"] if HAS_PROCESSES else ["manage.py", "serve"]
    options = ["--port", str(port), "--demo-port", str(demo_port), *([] if demo else ["--no-demo"])]
    with new_database() as url, log.open("a") as output:
        environment |= {"DATABASE_URL": url} if url else {}

        def start() -> "subprocess.Popen[str]":
            return subprocess.Popen(
                [sys.executable, *command, *options],
                cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True,
                start_new_session=True,
            )  # fmt: skip

        made = Site(start(), f"http://127.0.0.1:{port}", port, demo_port, log, start=start)
        try:
            wait_for(lambda: "Serving on" in log.read_text(), made)
            made.sign_in()
            if demo:
                expected = {spec.address for spec in demo_building(port=demo_port)}
                wait_for(lambda: set(made.devices()) == expected, made)
            yield made
        finally:
            end(made.process)


def end(process: "subprocess.Popen[str]") -> None:
    """By a signal that it can pass on to those it started."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def new_database() -> Iterator[str]:
    """The URL of an empty one on the server under test; empty where that is SQLite."""
    server = settings.DATABASES["default"]
    if server["ENGINE"] != POSTGRESQL:
        yield ""
        return
    name = f"t3000_site_{secrets.token_hex(4)}"
    address = psycopg.conninfo.make_conninfo(
        dbname="postgres", host=server["HOST"], port=server["PORT"], user=server["USER"],
        password=server["PASSWORD"],
    )  # fmt: skip
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def wait_for(condition: Callable[[], Any], site: Site, seconds: float = PATIENCE) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline or site.process.poll() is not None:
            pytest.fail(f"it did not happen; the log says:\n{site.log.read_text()}")
        time.sleep(0.1)
    return found


def pid_of(address: str, port: int) -> int:
    """The process that has the device's socket."""
    packed = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
    (pid,) = pids_of(f"{packed}:{port:04X}")
    return pid


def open_sockets(address: str) -> set[str]:
    """What is bound to an address that ends so, in the kernel's words, and connected to nobody: UDP
    sockets, and those of TCP that listen."""
    lines = [
        line.split()
        for family in ("udp", "tcp")
        for line in Path(f"/proc/net/{family}").read_text().splitlines()
    ]
    return {
        f"socket:[{words[9]}]"
        for words in lines
        if words[1].endswith(address) and words[2] == "00000000:0000"
    }


def pids_of(address: str) -> set[int]:
    """The processes with a socket at an address that ends so."""
    sockets = open_sockets(address)
    pids = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in sockets:
                pids.add(int(link.parts[2]))
        except OSError:  # it has just ended
            continue
    return pids
