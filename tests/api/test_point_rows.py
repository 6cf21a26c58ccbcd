"""Points as rows that are configured: what is special to them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from devices.domain.polling import claim_due
from devices.enums import LinkState, NetworkProtocol, Role, SyncState
from devices.models import AuditEntry, Command, Device
from protocols.types import Quality
from t3000.domain import points as described
from t3000.models import Point
from tests.factories import (
    make_command,
    make_device,
    make_network,
    make_point,
    make_site,
    make_value,
)
from tests.sending import API, send, wrong

pytestmark = pytest.mark.django_db


def get(client: Client, path: str, **query: Any) -> Any:
    response = client.get(f"{API}/{path}", query)
    assert response.status_code == 200, response.content
    return response.json()


def ids(client: Client, **query: Any) -> list[int]:
    return [row["id"] for row in get(client, "points", **query)["results"]]


def make_panel() -> Device:
    network = make_network(protocol=NetworkProtocol.MODBUS, targets=["127.0.0.9"])
    return make_device(network=network, serial_number=7)


def test_a_point_is_added_edited_and_deleted(engineer: Client) -> None:
    device = make_device()
    body = {"device": device.pk, "kind": "input", "index": 2, "address": "analog-input,07"}
    made = send(engineer, "post", "points", {**body, "label": "OAT", "units": "°C"})
    row = made.json()
    assert (made.status_code, row["address"], row["state"]) == (201, "analog-input,7", "pending")
    assert (row["quality"], row["value"], row["held"]) == ("comm", None, None)
    path = f"points/{row['id']}"
    changed = send(engineer, "patch", path, {"label": "Outdoor air"}).json()
    assert changed == {**row, "label": "Outdoor air"}
    whole = send(engineer, "put", path, {**body, "label": "Outdoor air"}).json()
    assert whole == {**changed, "units": ""}
    assert send(engineer, "delete", path).status_code == 204
    assert [one.action for one in AuditEntry.objects.filter(kind="point")] == [
        "delete",
        "update",
        "update",
        "create",
    ]


def test_an_edit_of_a_panels_point_is_pending_and_its_units_stay_those_of_its_values(
    engineer: Client,
) -> None:
    held = {"label": "ZN_T", "description": "", "range": 3, "digital_analog": 1}
    point = make_point(
        make_panel(), address="input,1", held=held, **held, state=SyncState.IN_SYNC, units="°C"
    )
    path = f"points/{point.pk}"
    row = send(engineer, "patch", path, {"range": 4}).json()
    assert (row["range"], row["units"]) == (4, "°C")  # what it is read in
    assert (row["state"], row["held"]) == ("pending", held)
    assert "change the range" in wrong(send(engineer, "patch", path, {"units": "Pa"}))["units"]
    assert (
        "belongs to outputs"
        in wrong(send(engineer, "patch", path, {"pwm_period": 1}))["pwm_period"]
    )
    row = send(engineer, "patch", path, {"range": 3}).json()
    assert (row["units"], row["state"]) == ("°C", "in_sync")
    assert send(engineer, "delete", path).status_code == 204
    cleared = get(engineer, path)
    assert (cleared["label"], cleared["range"], cleared["state"]) == ("", 0, "pending")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("value", 1),
        ("text", "1"),
        ("quality", "good"),
        ("updated_at", None),
        ("auto_manual", "auto"),
        ("input_status", 0),
        ("hoa_switch", 1),
        ("decommissioned", False),
        ("control", 0),
        ("state", "in_sync"),
        ("held", {}),
    ],
)
def test_what_the_device_tells_is_not_written(engineer: Client, member: str, value: Any) -> None:
    point = make_point()
    refused = wrong(send(engineer, "patch", f"points/{point.pk}", {member: value}))
    assert "read only" in refused[member]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"index": 9}, "index"), ({"kind": "output"}, "kind"), ({"device": 0}, "device")],
)
def test_a_point_stays_where_it_is(engineer: Client, values: dict[str, Any], field: str) -> None:
    point = make_point()
    if "device" in values:
        values = {"device": make_device(network=point.device.network).pk}
    assert wrong(send(engineer, "patch", f"points/{point.pk}", values)).keys() == {field}


def test_the_etag_is_of_the_configuration(engineer: Client) -> None:
    point = make_point()
    path = f"points/{point.pk}"
    before = engineer.get(f"{API}/{path}")["ETag"]
    make_value(point, 30.0)
    make_command(point.device, point=point.address)
    Point.objects.filter(pk=point.pk).update(state="conflict", held={"label": "X"}, hoa_switch=2)
    assert engineer.get(f"{API}/{path}")["ETag"] == before
    after = send(engineer, "patch", path, {"description": "North"}, If_Match=before)["ETag"]
    assert after != before
    assert send(engineer, "patch", path, {"description": ""}, If_Match=before).status_code == 412


def test_a_deleted_point_is_polled_no_more_and_its_commands_are_kept(engineer: Client) -> None:
    point = make_point(kind="output", writable=True)
    kept = make_point(point.device)
    command = make_command(point.device, point=point.address)
    assert send(engineer, "delete", f"points/{point.pk}").status_code == 204
    assert claim_due(timezone.now())
    (read,) = described.addresses([point.device_id]).values()
    assert [str(address) for address in read] == [kept.address]
    assert Command.objects.get(pk=command.pk).point == point.address
    row = get(engineer, f"commands/{command.pk}")
    assert (row["point"], row["address"]) == (None, point.address)


def test_quality_is_filtered_as_it_is_shown(reader: Client) -> None:
    now = timezone.now()
    fresh = make_device(link={"last_seen_at": now})
    old = make_device(link={"last_seen_at": now - timedelta(minutes=5)})
    away = make_device(link={"state": LinkState.OFFLINE, "last_seen_at": now})
    for device in (fresh, old, away):
        make_point(device)
        for quality in Quality:
            make_value(make_point(device), quality=quality, time=now)
    rows = get(reader, "points")["results"]
    for quality in Quality:
        word = quality.name.lower()
        expected = [row["id"] for row in rows if row["quality"] == word]
        assert ids(reader, quality=word) == expected
        pages = [get(reader, "points", quality=word, page_size=4, page=1)]
        assert pages[0]["count"] == len(expected)
        while pages[-1]["next"]:
            pages.append(reader.get(pages[-1]["next"]).json())
        assert [row["id"] for page in pages for row in page["results"]] == expected
    assert len(ids(reader, quality="stale")) == 3 + 2 * 3
    manual = [row["id"] for row in rows if row["auto_manual"] == "manual"]
    assert ids(reader, manual="true") == manual
    assert len(manual) == 1


def test_only_what_is_in_somebodys_hand(reader: Client) -> None:
    device = make_device(link={"last_seen_at": timezone.now()})
    ours, free, fixed, told = (
        make_point(device, kind="output", writable=True, commandable=commandable)
        for commandable in (True, True, False, True)
    )
    for point in (ours, fixed):
        make_command(device, point=point.address)
    make_value(told, quality=Quality.OVERRIDDEN)
    make_command(make_device(), point=free.address)
    assert ids(reader, manual="true") == [ours.pk, told.pk]
    assert ids(reader, manual="false") == [free.pk, fixed.pk]


def test_the_other_filters(reader: Client) -> None:
    point = make_point(make_device(), label="VLV", state=SyncState.CONFLICT, writable=True)
    other = make_point(make_device(), kind="variable", address="binary-value,77")
    assert ids(reader, state="conflict") == [point.pk]
    assert ids(reader, search="value,77") == ids(reader, kind="variable") == [other.pk]
    assert ids(reader, kind="pvar") == []
    assert ids(reader, writable="false") == [other.pk]


def test_points_are_sorted_by_what_is_shown(reader: Client) -> None:
    now = timezone.now()
    device = make_device(link={"last_seen_at": now})
    old = make_device(link={"last_seen_at": now - timedelta(minutes=5)})
    low, high, none = make_point(device), make_point(device), make_point(old)
    stale = make_point(old)
    make_value(low, -1.0, time=now - timedelta(hours=1))
    make_value(high, 100.0, quality=Quality.FAULT, time=now - timedelta(minutes=1))
    make_value(stale, 20.0, time=now - timedelta(minutes=9))
    assert ids(reader, ordering="value") == [low.pk, stale.pk, high.pk, none.pk]
    assert ids(reader, ordering="-value") == [high.pk, stale.pk, low.pk, none.pk]
    assert ids(reader, ordering="-updated_at") == [low.pk, high.pk, stale.pk, none.pk]
    rows = get(reader, "points", ordering="updated_at")["results"]
    times = [parse_datetime(row["updated_at"]) for row in rows if row["updated_at"]]
    assert times == sorted(times)
    assert ids(reader, ordering="-label,id") == ids(reader, ordering="-label")
    assert "no" in wrong(reader.get(f"{API}/points", {"ordering": "held"}))["ordering"]


def test_fields_are_chosen(reader: Client) -> None:
    point = make_point(label="VLV")
    make_value(point)
    for fields in ("id,label", "id,quality,label", "value", "held,states"):
        (row,) = get(reader, "points", fields=fields)["results"]
        assert sorted(row) == sorted(fields.split(","))


@pytest.mark.parametrize("query", [{}, {"quality": "stale"}, {"manual": "true"}])
def test_a_filter_by_what_is_shown_costs_one_query_more(
    reader: Client, query: dict[str, str], django_assert_max_num_queries: Any
) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            point = make_point(make_device(), commandable=True)
            make_value(point)
            make_command(point.device, point=point.address)
        with django_assert_max_num_queries(8) as captured:
            ids(reader, **query)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    with django_assert_max_num_queries(8) as plain:
        ids(reader)
    assert counts[0] - len(plain) == len(query)


def test_many_points_at_once(engineer: Client) -> None:
    device = make_device()
    old = [make_point(device) for _ in range(2)]
    body = {
        "create": [
            {"device": device.pk, "kind": "variable", "index": index}
            | {"address": f"analog-value,{index}"}
            for index in range(50)
        ],
        "update": [{"id": old[0].pk, "label": "A"}],
        "delete": [old[1].pk],
    }
    answer = send(engineer, "post", "points/bulk", body).json()
    assert len(answer["created"]) == 50
    assert Point.objects.filter(device=device).count() == 51
    body = {"create": [*body["create"][:1], {**body["create"][1], "kind": "input", "index": 7}]}
    assert wrong(send(engineer, "post", "points/bulk", body)).keys() == {
        "create.0.index",
        "create.0.address",
        "create.1.address",
    }


def test_an_engineer_of_one_site_adds_no_points_at_another(program: Callable[..., Client]) -> None:
    here, there = make_site(), make_site()
    client = program(Role.ENGINEER, here)
    device = make_device(network=make_network(site=there))
    body = {"device": device.pk, "kind": "input", "index": 0, "address": "analog-input,1"}
    assert "There is no device" in wrong(send(client, "post", "points", body))["device"]
    operator = program(Role.OPERATOR, there)
    assert send(operator, "post", "points", body).status_code == 403
