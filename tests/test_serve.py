"""The whole product as people start it: one process, or with PostgreSQL and Redis all those of the
Procfile; real BACnet traffic, real sockets.

The tests of this module share one server and run in their order, the last one ends it
(pytest-xdist: --dist loadfile).
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from protocols.simulator.demo import demo_building
from protocols.simulator.flat import flat_device
from protocols.simulator.processes import SimulatedBuilding
from protocols.types import Quality
from tests.site import (
    HAS_PROCESSES,
    PATIENCE,
    ROOT,
    Site,
    open_sockets,
    pid_of,
    pids_of,
    running_site,
    wait_for,
)

PERIOD = 5.0  # the demo's poll interval
VICTIMS = ("127.0.0.14", "127.0.0.16")  # of the demo's devices: BACnet/IP, Modbus TCP

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as made:
        yield made


def frames(socket_: ClientConnection, seconds: float) -> Iterator[dict[str, Any]]:
    """What arrives within the time, each frame acknowledged."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            frame = json.loads(socket_.recv(timeout=left))
        except TimeoutError:
            return
        socket_.send(json.dumps({"ack": frame["seq"]}))
        yield frame


def serve_again(data_dir: Path, port: int) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "T3000_DATA_DIR": str(data_dir)}
    environment["DJANGO_SETTINGS_MODULE"] = "t3000.settings"
    return subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(port), "--no-demo"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.skipif(HAS_PROCESSES, reason="several processes share their data")
def test_a_second_server_on_the_same_data_is_refused(site: Site) -> None:
    second = serve_again(site.log.parent / "var", site.port + 1)
    assert second.returncode == 1
    assert "Another process serves the data" in second.stderr


def test_a_taken_port_is_refused_with_what_to_do(site: Site, tmp_path: Path) -> None:
    second = serve_again(tmp_path, site.port)
    assert second.returncode == 1
    assert f"127.0.0.1 port {site.port} cannot be opened: Address already in use" in second.stderr


@pytest.mark.skipif(not HAS_PROCESSES, reason="there is one process")
def test_only_the_field_process_opens_the_network(site: Site) -> None:
    (pid,) = pids_of(f":{site.demo_port + 1:04X}")
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    assert b"field" in command[command.index(b"-Q") :]


def test_without_login_there_is_only_the_login_page_and_the_probe(site: Site) -> None:
    stranger = Site(site.process, site.url, site.port, site.demo_port, site.log)
    assert json.loads(stranger.get("/healthz"))["status"] == "ok"
    for path in ("/", "/devices/", "/devices/1/"):
        assert 'name="password"' in stranger.get(path)
    with stranger.live() as socket_, pytest.raises(ConnectionClosed) as caught:
        socket_.recv(timeout=PATIENCE)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4401


def test_the_values_of_all_simulated_devices_change(site: Site) -> None:
    device_of = {
        point: device for device in site.devices().values() for point in site.points(device)
    }
    wanted = {"points": sorted(device_of), "devices": sorted(set(device_of.values()))}
    texts: dict[int, set[str]] = {point: set() for point in device_of}
    with site.live() as socket_:
        socket_.send(json.dumps({"subscribe": wanted}))
        for number, frame in enumerate(frames(socket_, PATIENCE), start=1):
            assert frame["seq"] == number
            columns = frame.get("snapshot", {}).get("points") or frame.get("point_update")
            if columns:
                for point, text in zip(columns["ids"], columns["texts"], strict=True):
                    texts[point].add(text)
            moving = {device_of[point] for point, seen in texts.items() if len(seen) > 2}
            if moving == set(device_of.values()):
                break
    assert moving == set(device_of.values())


def test_the_page_shows_the_values_it_is_served_with(site: Site) -> None:
    page = "".join(site.get(f"/devices/{site.devices()[victim]}/") for victim in VICTIMS)
    assert "no value" not in page
    assert "Normal" in page


@pytest.mark.parametrize("address", VICTIMS)
def test_a_device_that_dies_is_offline_and_stale_and_heals_by_itself(
    site: Site, address: str
) -> None:
    devices = site.devices()
    victim, others = devices[address], [one for key, one in devices.items() if key not in VICTIMS]
    points = site.points(victim)
    quality = dict.fromkeys(points, Quality.GOOD)
    state = "online"
    others_seen: set[int] = set()

    def follow(socket_: ClientConnection, seconds: float, wanted: tuple[str, set[int]]) -> None:
        nonlocal state
        for frame in frames(socket_, seconds):
            columns = frame.get("point_update") or {"ids": [], "qualities": []}
            quality.update(zip(columns["ids"], columns["qualities"], strict=True))
            for status in frame.get("device_status", []):
                if status["device_id"] == victim:
                    state = status["state"]
                elif status["state"] == "online":
                    others_seen.add(status["device_id"])
            if (state, set(quality.values())) == wanted:
                return

    with site.live() as socket_:
        socket_.send(json.dumps({"subscribe": {"points": points, "devices": [victim, *others]}}))
        os.kill(pid_of(address, site.demo_port), signal.SIGKILL)
        killed = time.monotonic()
        follow(socket_, 3 * PERIOD, ("offline", {Quality.STALE}))
        assert (state, set(quality.values())) == ("offline", {Quality.STALE})
        assert time.monotonic() - killed < 3 * PERIOD
        assert others_seen == set(others)
        assert "Stale" in site.get(f"/devices/{victim}/")
        spec = next(one for one in demo_building(port=site.demo_port) if one.address == address)
        with SimulatedBuilding([spec]):
            follow(socket_, PATIENCE, ("online", {Quality.GOOD}))
            assert (state, set(quality.values())) == ("online", {Quality.GOOD})
    lines = [line for line in site.log.read_text().splitlines() if f"{address}:" in line]
    assert len([line for line in lines if "does not answer" in line]) == 1
    assert len([line for line in lines if "answers again" in line]) == 1


def test_a_socket_that_reads_nothing_is_sent_two_messages_and_closed(site: Site) -> None:
    points = site.points(site.devices()["127.0.0.11"])
    with site.live() as socket_:
        socket_.send(json.dumps({"subscribe": {"points": points}}))
        received = [socket_.recv(timeout=PATIENCE) for _ in range(2)]  # never acknowledges
        with pytest.raises(ConnectionClosed) as caught:
            socket_.recv(timeout=PATIENCE)
    assert ["snapshot" in frame for frame in received] == [True, False]
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4408


def test_ctrl_c_while_a_slow_device_is_read_leaves_nothing_behind(site: Site) -> None:
    slow = flat_device("Slow", 99, "127.0.0.77", site.demo_port, 4, reply_delay=0.3)
    with SimulatedBuilding([slow]) as building:
        site.get("/devices/")
        site.post("/devices/discover")
        wait_for(lambda: "127.0.0.77" in site.devices(), site)
        wait_for(lambda: "Normal" in site.get(f"/devices/{site.devices()['127.0.0.77']}/"), site)
        os.kill(building.pids[99], signal.SIGSTOP)  # it takes the request and says nothing
        time.sleep(PERIOD)
        group = os.getpgid(site.process.pid)
        began = time.monotonic()
        os.killpg(group, signal.SIGINT)
        assert site.process.wait(5) == 0
        assert time.monotonic() - began < 5
        os.kill(building.pids[99], signal.SIGCONT)
    wait_for_no_sockets(site.demo_port)
    assert "Traceback" not in site.log.read_text()


def wait_for_no_sockets(port: int) -> None:
    deadline = time.monotonic() + 5
    while open_sockets(f":{port:04X}"):
        assert time.monotonic() < deadline, "a simulated device is left behind"
        time.sleep(0.1)
