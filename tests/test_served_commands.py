"""Commands from the API to the registers of a panel, seen by a client that is not ours; and what
becomes of one whose process dies in the middle of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import ModbusTcpClient

from protocols.simulator.flat import flat_device
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.spec import Protocol
from tests.site import Site, running_site, wait_for

ADDRESS = "127.0.0.91"
UNIT = 91
SLOW = 0.3  # seconds until the panel answers anything: a command is three of them
VALUE, AUTO_MANUAL = 7100, 7356  # of OUT1 (modbus-map: points)


@pytest.fixture(scope="module")
def writes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line for each write that the panel is asked for: function, register, words."""
    return tmp_path_factory.mktemp("panel") / "writes"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, writes: Path) -> Iterator[Site]:
    """A site with one slow panel."""
    with running_site(tmp_path_factory.mktemp("site"), demo=False) as made:
        panel = flat_device(
            "Panel", UNIT, ADDRESS, made.demo_port, 4,
            protocol=Protocol.MODBUS, reply_delay=SLOW, write_log=str(writes),
        )  # fmt: skip
        with SimulatedBuilding([panel]):
            made.get("/devices/")
            made.post(
                "/networks/new", name="Panels", protocol="modbus", interface="127.0.0.1/8",
                targets=f"{ADDRESS}:{made.demo_port}", poll_interval="60", timeout="5", retries="0",
            )  # fmt: skip
            wait_for(lambda: points(made, "output"), made)
            yield made


def points(site: Site, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.api("GET", f"points?kind={kind}")["results"]
    return found


def registers(site: Site, first: int, count: int) -> list[int]:
    """As pymodbus' own client reads them."""
    with ModbusTcpClient(ADDRESS, port=site.demo_port, timeout=10) as client:
        return client.read_holding_registers(first, count=count, device_id=UNIT).registers


def test_a_write_and_its_release_reach_the_registers(site: Site) -> None:
    (output,) = points(site, "output")
    command = site.api("POST", f"points/{output['id']}/value?wait=10", {"value": 42.5})
    assert (command["state"], command["new_value"]) == ("confirmed", 42.5)
    assert registers(site, VALUE, 2) == [0, 42_500]
    assert registers(site, AUTO_MANUAL, 1) == [1]
    value = site.api("GET", f"points/{output['id']}/value")
    assert value["auto_manual"] == "manual"
    command = site.api("POST", f"points/{output['id']}/value?wait=10", {"value": None})
    assert command["state"] == "confirmed"
    assert registers(site, AUTO_MANUAL, 1) == [0]


def test_a_command_whose_process_is_killed_is_never_written_twice(site: Site, writes: Path) -> None:
    (output,) = points(site, "output")
    wanted = f"16 {VALUE} 0 {60_000}"
    command = site.api("POST", f"points/{output['id']}/value", {"value": 60})
    wait_for(lambda: wanted in writes.read_text(), site)  # the panel has it and has not answered
    site.kill_field()
    killed = datetime.now(UTC)
    site.restart()

    def ended() -> Any:
        found = site.api("GET", f"commands/{command['id']}")
        return found if found["finished_at"] else None

    end = wait_for(ended, site)
    assert datetime.fromisoformat(end["finished_at"]) > killed
    assert end["state"] == "confirmed"
    assert writes.read_text().splitlines().count(wanted) == 1
