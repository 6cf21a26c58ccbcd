"""Devices that people add, change and delete, on a site that runs: what answers is real."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.site import Site, running_site, wait_for

BACNET, MODBUS, NOBODY = "127.0.0.11", "127.0.0.16", "127.0.0.99"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as made:
        yield made


def row(site: Site, address: str) -> Any:
    """The device at the address, once it answers; its place as a client would tell it."""
    pk = site.devices()[address]
    return wait_for(lambda: online(site, pk), site)


def online(site: Site, pk: int) -> Any:
    found = site.api("GET", f"devices/{pk}")
    return found if found["state"] == "online" else None


def place(device: Any) -> dict[str, Any]:
    return {name: device[name] for name in ("network", "address", "instance")}


def refused(site: Site, body: Any, query: str = "") -> tuple[int, str]:
    with pytest.raises(HTTPError) as refusal:
        site.api("POST", f"devices{query}", body)
    with refusal.value as answer:
        return answer.code, json.loads(answer.read())["detail"]


@pytest.mark.parametrize("address", [BACNET, MODBUS])
def test_a_device_is_deleted_and_connected_again(site: Site, address: str) -> None:
    was = row(site, address)
    points = site.api("GET", f"points?device={was['id']}")["count"]
    site.api("DELETE", f"devices/{was['id']}")
    assert address not in site.devices()
    added = site.api("POST", "devices?wait=10", {**place(was), "name": "By hand"})
    told = ("model_name", "firmware", "serial_number", "panel_number", "vendor_id")
    assert {name: added[name] for name in told} == {name: was[name] for name in told}
    assert (added["name"], added["id"] != was["id"]) == ("By hand", True)
    assert site.api("GET", f"points?device={added['id']}")["count"] == points > 0
    wait_for(lambda: online(site, added["id"]), site)
    status, detail = refused(site, place(was))
    assert (status, "already" in detail) == (400, True)


def test_a_panel_that_was_named_by_anybodys_unit_is_known_by_its_own(site: Site) -> None:
    was = row(site, MODBUS)
    assert was["serial_number"] > 0
    status, detail = refused(site, {**place(was), "instance": 255}, "?wait=10")
    assert (status, f"serial number {was['serial_number']}" in detail) == (409, True)


def test_who_is_another_or_does_not_answer_is_refused_and_not_stored(site: Site) -> None:
    was = row(site, BACNET)
    before = site.api("GET", "devices")["count"]
    port = was["address"].partition(":")[2]
    status, detail = refused(site, {**place(was), "instance": 5}, "?wait=10")
    assert (status, "does not answer as this instance" in detail) == (409, True)
    nobody = {**place(was), "address": f"{NOBODY}:{port}"}
    status, detail = refused(site, nobody, "?wait=10")
    assert (status, "no answer" in detail) == (409, True)
    assert site.api("GET", "devices")["count"] == before


def test_who_does_not_wait_follows_the_job(site: Site) -> None:
    was = row(site, BACNET)
    port = was["address"].partition(":")[2]
    job = site.api("POST", "devices?wait=0", {**place(was), "address": f"{NOBODY}:{port}"})
    assert (job["kind"], job["device"]) == ("connect", None)

    def ended() -> Any:
        told = site.api("GET", f"jobs/{job['id']}")
        return told if told["state"] in ("finished", "failed") else None

    told = wait_for(ended, site)
    assert (told["state"], "no answer" in told["networks"][0]["problem"]) == ("failed", True)
    assert job["id"] in {one["id"] for one in site.api("GET", "jobs?kind=connect")["results"]}


def test_force_stores_without_asking_and_reads_from_then_on(site: Site) -> None:
    was = row(site, BACNET)
    port = was["address"].partition(":")[2]
    device = {**place(was), "address": f"{NOBODY}:{port}", "name": "Not yet installed"}
    added = site.api("POST", "devices?force=true", device)
    assert (added["state"], added["name"]) == ("unknown", "Not yet installed")

    def is_offline() -> Any:
        told = site.api("GET", f"devices/{added['id']}/status")
        return told if told["state"] == "offline" else None

    assert wait_for(is_offline, site)["problem"]
    site.api("DELETE", f"devices/{added['id']}")


def test_a_device_that_is_elsewhere_now_is_read_there(site: Site) -> None:
    was = row(site, MODBUS)
    port = was["address"].partition(":")[2]
    moved = site.api("PATCH", f"devices/{was['id']}", {"address": f"{NOBODY}:{port}"})
    assert (moved["state"], moved["last_seen_at"]) == ("unknown", None)
    counts = site.api("GET", f"devices/{was['id']}/status")["points"]
    assert (counts["good"], counts["stale"] > 0) == (0, True)
    site.api("PATCH", f"devices/{was['id']}", {"address": was["address"]})
    wait_for(lambda: online(site, was["id"]), site)
    counts = site.api("GET", f"devices/{was['id']}/status")["points"]
    assert (counts["good"] > 0, counts["stale"]) == (True, 0)


def test_all_points_come_in_one_file(site: Site) -> None:
    was = row(site, BACNET)
    count = site.api("GET", f"points?device={was['id']}")["count"]
    whole = json.loads(site.get(f"/api/t3000/devices/{was['id']}/export"))
    assert (whole["device"]["address"], len(whole["points"])) == (was["address"], count)
    text = site.get(f"/api/t3000/devices/{was['id']}/export?format=csv").removeprefix("\ufeff")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["label"] for line in lines] == [point["label"] for point in whole["points"]]
    assert {line["quality"] for line in lines} <= {"good", "overridden", "out_of_range", "fault"}


def test_a_network_that_is_changed_is_served_anew(site: Site) -> None:
    was = row(site, BACNET)
    path = f"networks/{was['network']}"
    port = site.api("GET", path)["port"]
    site.api("PATCH", path, {"interface": "10.255.255.1/8"})
    wait_for(lambda: "no address" in site.api("GET", path)["problem"]
             or "cannot be opened" in site.api("GET", path)["problem"], site)  # fmt: skip
    site.api("PATCH", path, {"interface": "127.0.0.1/8", "port": port + 1})
    wait_for(lambda: not site.api("GET", path)["problem"], site)
    wait_for(lambda: online(site, was["id"]), site)
