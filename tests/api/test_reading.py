"""Lists and rows: the members, the filters, the pages, and what they cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from devices.enums import LinkState
from devices.models import Building, Floor, Network, Room
from protocols.types import Quality
from tests.factories import (
    make_command,
    make_device,
    make_network,
    make_point,
    make_room,
    make_site,
    make_user,
    make_value,
)

pytestmark = pytest.mark.django_db
RESOURCES = ["sites", "buildings", "floors", "rooms", "networks", "devices", "points"]
POINT = [
    *("id", "device", "kind", "index", "label", "description"),
    *("value", "text", "units", "quality", "updated_at", "auto_manual"),
]


def get(client: Client, path: str, status: int = 200, **query: Any) -> Any:
    response = client.get(f"/api/t3000/{path}", query)
    assert response.status_code == status, response.content
    return response.json()


def ids(client: Client, path: str, **query: Any) -> list[int]:
    return [row["id"] for row in get(client, path, **query)["results"]]


def fill(devices: int) -> None:
    now = timezone.now()
    for _ in range(devices):
        room = make_room()
        network = make_network(site=room.floor.building.site)
        device = make_device(network=network, room=room, link={"last_seen_at": now})
        make_value(make_point(device), time=now)
        make_point(device, kind="variable")


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_list_is_an_envelope_and_its_rows_are_found_by_id(reader: Client, resource: str) -> None:
    fill(3)
    for path in (resource, f"{resource}/"):
        envelope = get(reader, path)
        assert list(envelope) == ["count", "next", "previous", "results"]
        assert envelope["count"] == len(envelope["results"]) >= 3
        assert (envelope["next"], envelope["previous"]) == (None, None)
    for row in envelope["results"]:
        assert get(reader, f"{resource}/{row['id']}") == row
        assert get(reader, f"{resource}/{row['id']}/") == row


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_longer_list_costs_no_more_queries(
    reader: Client, resource: str, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for devices in (1, 3):
        fill(devices)
        with django_assert_max_num_queries(6) as captured:
            assert get(reader, resource)["count"] >= devices
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_point_carries_these_members_in_this_order(reader: Client) -> None:
    seen = timezone.now()
    device = make_device(link={"last_seen_at": seen})
    point = make_point(device, units="°C", label="ZN-T", description="Zone temperature")
    make_value(point, 21.54, time=seen - timedelta(hours=1))
    (row,) = get(reader, "points")["results"]
    assert list(row)[: len(POINT)] == POINT
    assert parse_datetime(row.pop("updated_at")) == seen
    assert {name: row[name] for name in POINT if name in row} == {
        "id": point.pk,
        "device": device.pk,
        "kind": "input",
        "index": 0,
        "label": "ZN-T",
        "description": "Zone temperature",
        "value": 21.54,
        "text": "21.5",
        "units": "°C",
        "quality": "good",
        "auto_manual": "auto",
    }


READ = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quality", "shown", "mode", "confirmed"),
    [
        (Quality.GOOD, "good", "auto", True),
        (Quality.OVERRIDDEN, "overridden", "manual", True),
        (Quality.STALE, "stale", None, False),
        (Quality.OUT_OF_RANGE, "out_of_range", None, True),
        (Quality.FAULT, "fault", None, False),
        (Quality.OUT_OF_SERVICE, "out_of_service", None, False),
        (Quality.CONFIG, "config", None, False),
    ],
)
def test_a_quality_is_a_word_and_only_a_usable_value_is_confirmed_by_its_device(
    reader: Client, quality: Quality, shown: str, mode: str | None, confirmed: bool
) -> None:
    seen = timezone.now()
    point = make_point(make_device(link={"last_seen_at": seen}))
    make_value(point, quality=quality, time=READ)
    row = get(reader, f"points/{point.pk}")
    assert (row["quality"], row["auto_manual"]) == (shown, mode)
    assert parse_datetime(row["updated_at"]) == (seen if confirmed else READ)


@pytest.mark.parametrize(("commandable", "mode"), [(True, "manual"), (False, "auto")])
def test_a_point_that_a_write_of_ours_holds_is_manual(
    reader: Client, commandable: bool, mode: str
) -> None:
    device = make_device(link={"last_seen_at": timezone.now()})
    point = make_point(device, kind="output", writable=True, commandable=commandable)
    make_value(point, time=READ)
    make_command(device, point=point.address)
    assert get(reader, f"points/{point.pk}")["auto_manual"] == mode


def test_an_old_value_never_has_a_fresh_quality(reader: Client) -> None:
    """Nobody marked it: the row says that it is good."""
    seen = timezone.now() - timedelta(minutes=5)
    point = make_point(make_device(link={"last_seen_at": seen}))
    make_value(point, time=READ)
    row = get(reader, f"points/{point.pk}")
    assert (row["quality"], row["auto_manual"]) == ("stale", None)
    assert parse_datetime(row["updated_at"]) == seen


@pytest.mark.parametrize("state", [LinkState.OFFLINE, LinkState.UNKNOWN])
def test_a_device_that_is_not_online_has_no_fresh_values(reader: Client, state: LinkState) -> None:
    now = timezone.now()
    point = make_point(make_device(link={"state": state, "last_seen_at": now}))
    make_value(point, time=now)
    assert get(reader, f"points/{point.pk}")["quality"] == "stale"


def test_a_point_never_read_has_no_value_and_no_time(reader: Client) -> None:
    failed = make_point()
    make_value(failed, None, quality=Quality.COMM)
    for point in (make_point(), failed):
        row = get(reader, f"points/{point.pk}")
        assert (row["value"], row["text"]) == (None, "no value")
        assert (row["quality"], row["updated_at"], row["auto_manual"]) == ("comm", None, None)


def test_devices_are_filtered_by_where_and_how_they_are(reader: Client) -> None:
    fill(2)
    offline = make_device(
        name="Chiller", vendor_name="Temco", enabled=False, link={"state": LinkState.OFFLINE}
    )
    first = make_device(room=Room.objects.first(), network=Network.objects.order_by("pk")[0])
    others = set(ids(reader, "devices")) - {offline.pk}
    room = Room.objects.get(pk=first.room_id)
    assert first.pk in others
    assert offline.pk in ids(reader, "devices", network=offline.network_id)
    for name, place in (
        ("room", room.pk),
        ("floor", room.floor_id),
        ("building", room.floor.building_id),
    ):
        assert set(ids(reader, "devices", **{name: place})) == {
            device.pk for device in room.devices.all()
        }
    assert ids(reader, "devices", site=offline.network.site_id) == [offline.pk]
    assert ids(reader, "devices", state="offline") == [offline.pk]
    assert ids(reader, "devices", enabled="false") == [offline.pk]
    assert set(ids(reader, "devices", enabled="true")) == others
    assert ids(reader, "devices", search="CHILL") == ids(reader, "devices", search="temco")
    assert ids(reader, "devices", search="CHILL") == [offline.pk]
    assert set(ids(reader, "devices", protocol="bacnet")) == {*others, offline.pk}


def test_points_are_filtered(reader: Client) -> None:
    fill(2)
    point = make_point(kind="output", label="VLV", description="Valve", writable=True)
    network = point.device.network
    for query in (
        {"device": point.device_id},
        {"kind": "output"},
        {"network": network.pk},
        {"site": network.site_id},
        {"writable": "true"},
        {"search": "vlv"},
        {"search": "alve"},
        {"search": "valve", "kind": "output", "device": point.device_id},
    ):
        assert ids(reader, "points", **query) == [point.pk], query
    assert ids(reader, "points", search="%") == []
    assert len(ids(reader, "points", kind="variable")) == 2


def test_places_are_filtered_from_above(reader: Client) -> None:
    fill(2)
    site = make_site(name="Harbour")
    room = make_room(site)
    floor, building = room.floor, room.floor.building
    make_network(site=site, enabled=False)
    assert ids(reader, "sites", search="harb") == [site.pk]
    assert ids(reader, "buildings", site=site.pk) == [building.pk]
    assert ids(reader, "floors", site=site.pk) == ids(reader, "floors", building=building.pk)
    assert ids(reader, "floors", site=site.pk) == [floor.pk]
    for query in ({"site": site.pk}, {"building": building.pk}, {"floor": floor.pk}):
        assert ids(reader, "rooms", **query) == [room.pk]
    assert ids(reader, "networks", site=site.pk) == ids(reader, "networks", enabled="false")


def test_floors_are_told_from_below(reader: Client) -> None:
    building = Building.objects.create(site=make_site(), name="A")
    for level in (1, -1, 0):
        Floor.objects.create(building=building, name=f"Level {level}", level=level)
    assert [row["level"] for row in get(reader, "floors")["results"]] == [-1, 0, 1]


def test_pages_hold_every_row_once_and_lead_on(reader: Client) -> None:
    device = make_device()
    points = [make_point(device).pk for _ in range(5)]
    seen, path = [], "/api/t3000/points?page_size=2&kind=input"
    for previous in (False, True, True):
        page = reader.get(path).json()
        assert page["count"] == 5
        assert (page["previous"] is not None) is previous
        seen += [row["id"] for row in page["results"]]
        path = page["next"]
    assert seen == points
    assert path is None
    assert reader.get(page["previous"]).json()["results"][0]["id"] == points[2]


def test_a_thousand_rows_fit_on_a_page(reader: Client) -> None:
    assert get(reader, "points", page_size=1000)["count"] == 0


def test_a_page_after_the_last_is_404(reader: Client) -> None:
    assert "the last one is 1" in get(reader, "points", 404, page=2)["detail"]


@pytest.mark.parametrize(
    ("path", "query", "field", "right"),
    [
        ("points", {"devise": "1"}, "devise", "search, device"),
        ("points", {"device": "abc"}, "device", "write one such as 7"),
        ("points", {"device": ""}, "device", "write one such as 7"),
        ("points", {"device": "1_0"}, "device", "write one such as 7"),
        ("points", {"device": "-1"}, "device", "the smallest is 1"),
        ("points", {"device": str(2**63)}, "device", "the largest is"),
        ("points", {"device": "9" * 5000}, "device", "write one such as 7"),
        ("points", {"device": ["1", "2"]}, "device", "give it once"),
        ("points", {"kind": "inputs"}, "kind", "write one of input, output, variable"),
        ("points", {"writable": "yes"}, "writable", "true nor false"),
        ("points", {"page": "x"}, "page", "write one such as 7"),
        ("points", {"page": "0"}, "page", "the smallest is 1"),
        ("points", {"page_size": "0"}, "page_size", "the smallest is 1"),
        ("points", {"page_size": "1001"}, "page_size", "the largest is 1000"),
        ("points", {"search": "a\0b"}, "search", "Null characters"),
        ("points", {"search": "a" * 101}, "search", "100 characters"),
        ("points", {"format": "xml"}, "format", "no such parameter"),
        ("devices", {"state": "on"}, "state", "unknown, online, offline"),
        ("sites", {"site": "1"}, "site", "there are: fields, page, page_size, cursor"),
        ("points/1", {"device": "1"}, "device", "there are: fields"),
    ],
    ids=range(20),
)
def test_a_wrong_parameter_says_which_and_what_would_be_right(
    reader: Client, path: str, query: dict[str, Any], field: str, right: str
) -> None:
    problem = get(reader, path, 400, **query)
    (error,) = problem["errors"]
    assert error["field"] == field
    assert right in error["detail"]
    assert field in problem["detail"]


def test_every_wrong_parameter_is_told(reader: Client) -> None:
    problem = get(reader, "points", 400, device="x", page="0")
    assert {error["field"] for error in problem["errors"]} == {"device", "page"}


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(
    "wrong", ["0", "999999", str(2**63), "9" * 5000, "-1", "abc", "1.5", "%00"]
)
def test_what_does_not_exist_is_404(reader: Client, resource: str, wrong: str) -> None:
    problem = get(reader, f"{resource}/{wrong}", 404)
    assert (problem["status"], problem["title"]) == (404, "Not Found")


def test_a_row_that_does_not_exist_is_named(reader: Client) -> None:
    assert get(reader, "rooms/7", 404)["detail"] == "There is no room 7."


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_lists_are_told_where_the_api_begins(reader: Client, slash: str) -> None:
    resources = reader.get(f"/api/t3000{slash}").json()["resources"]
    paths = {one["name"]: one["path"] for one in resources}
    assert paths["points"] == "/api/t3000/points"
    assert {"sites", "devices", "commands", "audit", "accounts"} <= paths.keys()
    assert "points/bulk" not in paths
    for path in paths.values():
        assert "results" in reader.get(path).json(), path
    assert Client().get(f"/api/t3000{slash}").status_code == 401


def test_a_browser_reads_with_its_session() -> None:
    client = Client()
    client.force_login(make_user())
    assert get(client, "points")["count"] == 0
