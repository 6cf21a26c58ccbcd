"""The life and death of the simulator's processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from protocols.simulator.addresses import AddressTakenError, check_free
from protocols.simulator.demo import demo_building
from protocols.simulator.flat import flat_device
from protocols.simulator.hosts import Crowd
from protocols.simulator.processes import SimulatedBuilding, StartError
from protocols.simulator.spec import DeviceSpec
from tests.ports import any_port

REPOSITORY = Path(__file__).resolve().parents[3]
DEADLINE = 20.0


def two_devices(port: int) -> tuple[DeviceSpec, DeviceSpec]:
    return (
        flat_device("One", 1, "127.0.0.31", port, points=4),
        flat_device("Two", 2, "127.0.0.32", port, points=4),
    )


def lives(pid: int) -> bool:
    """Whether the process runs. One that ended and waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return not stat.parent.parent.exists()  # no /proc here: signal 0 has told


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def all_gone(pids: Iterable[int]) -> bool:
    pids = list(pids)
    return wait_until(lambda: not any(map(lives, pids)))


def test_building_starts_and_stops_its_processes() -> None:
    building = SimulatedBuilding(two_devices(any_port()))
    assert building.pids == {}
    building.start()
    pids = building.pids
    assert set(pids) == {1, 2}
    building.start()
    assert building.pids == pids  # nothing was to be done
    building.stop()
    assert all_gone(pids.values())
    assert building.pids == {}
    building.stop()


def test_stop_ends_a_process_that_does_not_react() -> None:
    with SimulatedBuilding(two_devices(any_port())) as building:
        pids = building.pids
        os.kill(pids[1], signal.SIGSTOP)
    assert all_gone(pids.values())


def test_killed_device_comes_back_on_restart_only() -> None:
    with SimulatedBuilding(two_devices(any_port())) as building:
        before = building.pids
        building.kill(1)
        assert building.pids == {2: before[2]}
        assert building.ended(0.1) == []  # it was us
        building.restart(1)
        assert set(building.pids) == {1, 2}
        assert building.pids[1] != before[1]
        assert building.pids[2] == before[2]


def test_device_that_dies_by_itself_is_told_once() -> None:
    with SimulatedBuilding(two_devices(any_port())) as building:
        os.kill(building.pids[2], signal.SIGKILL)
        told = building.ended(DEADLINE)
        assert [(spec.instance, code) for spec, code in told] == [(2, -signal.SIGKILL)]
        assert building.ended() == []
        assert set(building.pids) == {1}
        building.restart(2)
        assert set(building.pids) == {1, 2}


def test_ctrl_c_is_left_to_the_parent() -> None:
    with SimulatedBuilding(two_devices(any_port())) as building:
        for pid in building.pids.values():
            os.kill(pid, signal.SIGINT)
        assert building.ended(0.5) == []


def test_taken_address_is_named_and_nothing_is_left_running() -> None:
    port = any_port()
    building = SimulatedBuilding(two_devices(port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        # As generous as bacpypes3 is, which then would serve beside us.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.32", port))
        with pytest.raises(StartError) as problem:
            building.start()
    assert problem.value.spec.instance == 2
    assert str(problem.value) == (
        f"Two (device 2) cannot start: 127.0.0.32:{port} is taken by another program"
    )
    assert building.pids == {}
    with building:  # once the address is free
        assert set(building.pids) == {1, 2}


def test_taken_broadcast_address_is_named() -> None:
    port = any_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.255.255.255", port))
        with pytest.raises(StartError, match=f"127.255.255.255:{port} is taken"):
            SimulatedBuilding(two_devices(port)).start()


def test_failed_restart_leaves_the_others_alone() -> None:
    port = any_port()
    with SimulatedBuilding(two_devices(port)) as building:
        building.kill(2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.32", port))
            with pytest.raises(StartError):
                building.restart(2)
        assert set(building.pids) == {1}


def test_nonsense_is_refused_before_anything_starts() -> None:
    one, two = two_devices(47999)
    with pytest.raises(ValueError, match="same instance: 1"):
        SimulatedBuilding([one, flat_device("Other", 1, two.address, 47999)])
    with pytest.raises(ValueError, match=r"same address: 127\.0\.0\.31:47999"):
        SimulatedBuilding([one, flat_device("Other", 3, one.address, 47999)])
    with pytest.raises(ValueError, match="speed"):
        SimulatedBuilding([one], speed=0)
    with pytest.raises(ValueError, match="loopback"):
        flat_device("Far", 4, "192.0.2.1", 47999)
    with pytest.raises(ValueError, match="loopback"):
        demo_building(first_address="10.0.0.1")


PARENT = """
import sys, time
from protocols.simulator.flat import flat_device
from protocols.simulator.hosts import Crowd
from protocols.simulator.processes import SimulatedBuilding

if __name__ == "__main__":
    port = int(sys.argv[1])
    building = SimulatedBuilding(
        [flat_device(str(i), i, f"127.0.0.{40 + i}", port, points=4) for i in (1, 2, 3)]
    )
    building.start()
    print(*building.pids.values(), flush=True)
    time.sleep(60)
"""


def test_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script), str(any_port())],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 3
        assert all(map(lives, pids))
        parent.kill()
        assert all_gone(pids)


COMMAND = """
from django.conf import settings

if __name__ == "__main__":
    settings.configure(INSTALLED_APPS=[])
    from t3000.management.commands.simulate import Command

    import sys
    Command().run_from_argv(["manage.py", "simulate", *sys.argv[1:]])
"""


def simulate(tmp_path: Path, *options: str) -> "subprocess.Popen[str]":
    """The command without the project's settings, which it must not need."""
    script = tmp_path / "simulate.py"
    script.write_text(COMMAND)
    return subprocess.Popen(
        [sys.executable, str(script), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )


def read_until_ready(command: "subprocess.Popen[str]") -> list[str]:
    assert command.stdout is not None
    lines = []
    for line in command.stdout:
        lines.append(line.rstrip())
        if line.startswith("ready"):
            return lines
    raise AssertionError(lines)


def test_command_serves_until_its_standard_input_ends(tmp_path: Path) -> None:
    port = any_port()
    options = ("--port", str(port), "--first-address", "127.0.0.51", "--stop-on-stdin-eof")
    with simulate(tmp_path, *options) as command:
        lines = read_until_ready(command)
        assert len(lines) == 8
        first = " ".join(lines[0].split())
        assert first == f"AHU-1 Controller 127.0.0.51:{port} 237201 T3-BB BACnet/IP 33 points"
        with simulate(tmp_path, *options) as second:
            _, problem = second.communicate(timeout=DEADLINE)
            assert second.returncode == 1
            assert f"127.0.0.51:{port} is taken by another program" in problem
        assert command.stdin is not None
        command.stdin.close()
        assert command.wait(DEADLINE) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_stops_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with simulate(tmp_path, "--port", str(any_port()), "--first-address", "127.0.0.61") as command:
        read_until_ready(command)
        command.send_signal(number)
        _, problem = command.communicate(timeout=DEADLINE)
        assert (command.returncode, problem) == (0, "")


def test_command_serves_the_profile_that_it_is_asked_for(tmp_path: Path) -> None:
    port = any_port()
    options = ("--profile", "router", "--count", "2", "--points", "4", "--port", str(port))
    with simulate(tmp_path, *options, "--first-address", "127.0.0.71") as command:
        lines = [" ".join(line.split()) for line in read_until_ready(command)]
        assert lines == [
            f"Router 1 127.0.0.71:{port} 400001 T3-FLAT BACnet/IP 4 points",
            "Station 2 2001:1 400002 T3-FLAT MS/TP 4 points",
            "Station 3 2001:2 400003 T3-FLAT MS/TP 4 points",
            "ready: 3 devices, 12 points",
        ]
        command.send_signal(signal.SIGTERM)
        assert command.wait(DEADLINE) == 0


def test_command_says_which_profiles_there_are(tmp_path: Path) -> None:
    with simulate(tmp_path, "--list-profiles") as listing:
        output, problem = listing.communicate(timeout=DEADLINE)
        assert (listing.returncode, problem) == (0, "")
        assert "no-rpm           no ReadPropertyMultiple" in output.splitlines()
    with simulate(tmp_path, "--profile", "perfect") as wrong:
        _, problem = wrong.communicate(timeout=DEADLINE)
        assert wrong.returncode == 1
        assert "there is no profile 'perfect'; there are demo, plain" in problem


def test_hosts_of_several_devices_are_killed_and_restarted_as_a_whole() -> None:
    port = any_port()
    crowd = Crowd(two_devices(port))
    with SimulatedBuilding([crowd]) as building:
        assert set(building.pids) == {1}
        building.kill(1)
        for spec in crowd.devices:
            check_free(spec.address, port)
        building.restart(1)
        with pytest.raises(AddressTakenError):
            check_free("127.0.0.32", port)


def test_a_taken_address_of_a_crowd_is_named() -> None:
    port = any_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.32", port))
        with pytest.raises(StartError, match=rf"2 devices from One on .* 127\.0\.0\.32:{port} is"):
            SimulatedBuilding([Crowd(two_devices(port))]).start()
