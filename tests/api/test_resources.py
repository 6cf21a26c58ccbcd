"""Rows that people configure: what can be done to all of them, shown by places and networks."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.test import Client
from django.urls import resolve

from devices.enums import Role
from devices.models import AuditEntry, Building, Floor, Network
from tests.factories import make_device, make_network, make_site
from tests.sending import API, send, wrong

pytestmark = pytest.mark.django_db


def test_a_row_is_made_read_changed_and_deleted(engineer: Client) -> None:
    site = make_site()
    made = send(engineer, "post", "buildings", {"site": site.pk, "name": "A"})
    row = made.json()
    assert made.status_code == 201
    assert row == {"id": row["id"], "site": site.pk, "name": "A", "time_zone": ""}
    path = f"buildings/{row['id']}"
    assert made["Location"] == f"{API}/{path}"
    assert engineer.get(made["Location"]).json() == row
    changed = send(engineer, "patch", path, {"time_zone": "Europe/Berlin"})
    assert (changed.status_code, changed.json()) == (200, {**row, "time_zone": "Europe/Berlin"})
    gone = send(engineer, "delete", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert engineer.get(f"{API}/{path}").status_code == 404
    trail = AuditEntry.objects.filter(kind="building").order_by("pk")
    assert [one.action for one in trail] == ["create", "update", "delete"]
    assert {one.origin for one in trail} == {"api"}
    assert len({one.user_id for one in trail}) == 1
    assert trail[0].client_address == "127.0.0.1"


def test_put_is_the_whole_row(engineer: Client) -> None:
    network = make_network(targets=["127.0.0.9"], poll_interval=30, enabled=False)
    body = {"site": network.site_id, "name": "N", "interface": "127.0.0.1/8"}
    row = send(engineer, "put", f"networks/{network.pk}", body).json()
    assert (row["targets"], row["poll_interval"], row["enabled"]) == ([], 10.0, True)
    assert wrong(send(engineer, "put", f"networks/{network.pk}", {"name": "N"})).keys() == {
        "site",
        "interface",
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "A", "colour": "red"}, "colour"),
        ({"name": 7}, "name"),
        ({"name": ["A"]}, "name"),
        ({"name": "A" * 51}, "name"),
        ({"name": " "}, "name"),
        ({"name": "A\u0000"}, "name"),
        ({"name": "A", "level": "1"}, "level"),
        ({"name": "A", "level": True}, "level"),
        ({"name": "A", "level": 40_000}, "level"),
        ({"name": "A", "building": "1"}, "building"),
        ({"name": "A", "building": None}, "building"),
        ({"name": "A", "building": 10**9}, "building"),
        ({"name": "A", "id": 5}, "id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_stored(
    engineer: Client, body: dict[str, Any], field: str
) -> None:
    building = Building.objects.create(site=make_site(), name="B")
    response = send(engineer, "post", "floors", {"building": building.pk, **body})
    assert wrong(response).keys() == {field}
    assert not Floor.objects.exists()


@pytest.mark.parametrize("body", [[], '"A"', 7, "true"])
def test_a_row_is_an_object(engineer: Client, body: Any) -> None:
    assert "write one such as {" in wrong(send(engineer, "post", "floors", body))["body"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "required and missing"),
        ({"name": None}, "give a value"),
        ({"name": ""}, "give a text"),
        ({"name": "A", "id": 7}, "read only; leave it out"),
        ({"name": "A" * 51}, "too long; there can be 50 characters"),
        ({"name": "A", "colour": "red"}, "there are: building, name, level"),
    ],
)
def test_a_refusal_says_what_would_be_right(
    engineer: Client, body: dict[str, Any], told: str
) -> None:
    building = Building.objects.create(site=make_site(), name="B")
    found = wrong(send(engineer, "post", "floors", {"building": building.pk, **body}))
    assert told in " ".join(found.values())


def test_a_parameter_where_none_is_taken_is_told_so(engineer: Client) -> None:
    refused = wrong(send(engineer, "post", "floors?colour=red", {}))
    assert refused == {"colour": "There is no such parameter; none is taken here."}


def test_the_lists_of_a_bulk_are_lists_of_objects(engineer: Client) -> None:
    found = wrong(send(engineer, "post", "floors/bulk", {"create": {}, "delete": 7}))
    assert all("write one such as [1, 2]" in told for told in found.values())
    found = wrong(send(engineer, "post", "floors/bulk", {"create": [7]}))
    assert "write one such as {" in found["create.0"]


@pytest.mark.parametrize("header", ["", "x", '"x', "33a64df5"])
def test_what_is_no_etag_is_said_so(engineer: Client, header: str) -> None:
    building = Building.objects.create(site=make_site(), name="A")
    refused = send(engineer, "patch", f"buildings/{building.pk}", {"name": "B"}, If_Match=header)
    assert (refused.status_code, "with its quotes" in refused.json()["detail"]) == (412, True)


def test_the_rules_of_a_row_are_kept(engineer: Client) -> None:
    site = make_site()
    body = {"site": site.pk, "name": "N", "interface": "127.0.0.1/8", "protocol": "modbus"}
    assert (
        "Modbus TCP has no broadcast" in wrong(send(engineer, "post", "networks", body))["targets"]
    )
    assert send(engineer, "post", "networks", {**body, "targets": ["127.0.0.9"]}).status_code == 201
    bad = {**body, "name": "M", "targets": ["127.0.0.9:x"], "poll_interval": 0}
    assert wrong(send(engineer, "post", "networks", bad)).keys() == {"targets", "poll_interval"}
    assert (
        "write 192.168.1.2/24"
        in wrong(send(engineer, "post", "networks", {**body, "name": "M", "interface": "here"}))[
            "interface"
        ]
    )
    assert (
        "already"
        in wrong(send(engineer, "post", "networks", {**body, "targets": ["127.0.0.9"]}))["name"]
    )


def test_what_somebody_changed_meanwhile_is_not_overwritten(engineer: Client) -> None:
    building = Building.objects.create(site=make_site(), name="A")
    path = f"buildings/{building.pk}"
    old = engineer.get(f"{API}/{path}")["ETag"]
    new = send(engineer, "patch", path, {"name": "B"}, If_Match=old)["ETag"]
    assert new != old
    for method, body in (("patch", {"name": "C"}), ("put", {}), ("delete", None)):
        refusal = send(engineer, method, path, body, If_Match=old)
        assert (refusal.status_code, "changed" in refusal.json()["detail"]) == (412, True)
    assert send(engineer, "patch", path, {"name": "C"}, If_Match="*").status_code == 200
    assert send(engineer, "delete", path, If_Match=f'"x", {new}').status_code == 412
    now = engineer.get(f"{API}/{path}")["ETag"]
    assert send(engineer, "delete", path, If_Match=f'"x", {now}').status_code == 204


def test_what_changes_by_itself_does_not_change_the_etag(engineer: Client) -> None:
    network = make_network()
    before = engineer.get(f"{API}/networks/{network.pk}")["ETag"]
    Network.objects.filter(pk=network.pk).update(problem="cable")
    response = engineer.get(f"{API}/networks/{network.pk}")
    assert (response["ETag"], response.json()["problem"]) == (before, "cable")


def test_a_request_sent_again_makes_one_row(engineer: Client) -> None:
    body = {"site": make_site().pk, "name": "A"}
    first, again = (
        send(engineer, "post", "buildings", body, Idempotency_Key="k1") for _ in range(2)
    )
    assert (again.status_code, again.json()) == (201, first.json())
    assert Building.objects.count() == 1
    turned = dict(reversed(body.items()))
    assert send(engineer, "post", "buildings/", turned, Idempotency_Key="k1").status_code == 201
    assert Building.objects.count() == 1
    other = send(engineer, "post", "buildings", {**body, "name": "B"}, Idempotency_Key="k1")
    assert other.status_code == 409
    assert wrong(send(engineer, "post", "buildings", body, Idempotency_Key="no key"))
    send(engineer, "delete", f"buildings/{first.json()['id']}")
    late = send(engineer, "post", "buildings", body, Idempotency_Key="k1")
    assert late.status_code == 409
    assert not Building.objects.exists()


def test_many_rows_at_once(engineer: Client) -> None:
    site = make_site()
    old = [Building.objects.create(site=site, name=name) for name in ("A", "B", "C")]
    body = {
        "create": [{"site": site.pk, "name": f"N{number}"} for number in range(3)],
        "update": [{"id": old[0].pk, "name": "AA"}, {"id": old[1].pk, "time_zone": "UTC"}],
        "delete": [old[2].pk],
    }
    first, again = (
        send(engineer, "post", "buildings/bulk", body, Idempotency_Key="b1") for _ in range(2)
    )
    answer = first.json()
    assert (first.status_code, again.json()) == (200, answer)
    assert answer["updated"] == [old[0].pk, old[1].pk]
    assert answer["deleted"] == [old[2].pk]
    names = Building.objects.in_bulk(answer["created"])
    assert [names[pk].name for pk in answer["created"]] == ["N0", "N1", "N2"]
    assert sorted(Building.objects.values_list("name", flat=True)) == ["AA", "B", "N0", "N1", "N2"]


def test_of_many_rows_all_or_none_are_stored(engineer: Client) -> None:
    site = make_site()
    old = Building.objects.create(site=site, name="A")
    body: dict[str, Any] = {
        "create": [
            {"site": site.pk, "name": "B"},
            {"site": site.pk, "name": 7},
            {"site": site.pk},
        ],
        "update": [{"id": old.pk, "colour": "red"}, {"name": "B"}],
    }
    found = wrong(send(engineer, "post", "buildings/bulk", body))
    assert found.keys() == {
        "create.1.name",
        "create.2.name",
        "update.0.colour",
        "update.1.id",
    }
    body = {
        "create": [{"site": site.pk, "name": "B"}, {"site": site.pk, "name": "B"}],
        "update": [{"id": old.pk, "name": "C"}],
        "delete": [],
    }
    assert wrong(send(engineer, "post", "buildings/bulk", body)).keys() == {"create.1.name"}
    assert [*Building.objects.values_list("name", flat=True)] == ["A"]


def test_what_is_wrong_with_an_id_of_a_bulk_is_told_at_its_place(engineer: Client) -> None:
    site = make_site()
    one, two = (Building.objects.create(site=site, name=name).pk for name in "AB")
    change = {"id": one, "name": "C"}
    for body, told in (
        ({"delete": [one, 10**6]}, {"delete.1": "There is no row 1000000."}),
        ({"update": [change, {"id": 10**6}]}, {"update.1.id": "There is no row 1000000."}),
        ({"update": [{}]}, {"update.0.id": "required"}),
        ({"delete": [one, two, one]}, {"delete.2": f"Row {one} is named before"}),
        ({"update": [change, change]}, {"update.1.id": f"Row {one} is named before"}),
        ({"update": [change], "delete": [two, one]}, {"update.0.id": f"Row {one} is named before"}),
    ):
        found = wrong(send(engineer, "post", "buildings/bulk", body))
        assert found.keys() == told.keys()
        assert [part in found[place] for place, part in told.items()] == [True] * len(told)
    assert [*Building.objects.values_list("name", flat=True)] == ["A", "B"]


def test_what_cannot_be_exchanged_is_a_conflict(engineer: Client) -> None:
    site = make_site()
    one, two = (Building.objects.create(site=site, name=name) for name in "AB")
    swap = [{"id": one.pk, "name": "B"}, {"id": two.pk, "name": "A"}]
    refusal = send(engineer, "post", "buildings/bulk", {"update": swap})
    assert (refusal.status_code, "exchange" in refusal.json()["detail"]) == (409, True)
    assert [*Building.objects.order_by("pk").values_list("name", flat=True)] == ["A", "B"]


@pytest.mark.parametrize("count", [0, 1001])
def test_a_bulk_has_one_to_a_thousand_rows(engineer: Client, count: int) -> None:
    body = {"delete": [*range(1, count + 1)]}
    response = send(engineer, "post", "buildings/bulk", body)
    assert (response.status_code, "1,000" in response.json()["detail"]) == (400, True)


def test_what_is_still_needed_is_not_deleted(engineer: Client) -> None:
    device = make_device()
    refusal = send(engineer, "delete", f"networks/{device.network_id}")
    assert (refusal.status_code, "still needed" in refusal.json()["detail"]) == (409, True)


def test_who_only_looks_changes_nothing(reader: Client) -> None:
    building = Building.objects.create(site=make_site(), name="A")
    for method, path, body in (
        ("post", "buildings", {"site": building.site_id, "name": "B"}),
        ("patch", f"buildings/{building.pk}", {"name": "B"}),
        ("put", f"buildings/{building.pk}", {"name": "B"}),
        ("delete", f"buildings/{building.pk}", None),
        ("post", "buildings/bulk", {"delete": [building.pk]}),
    ):
        refusal = send(reader, method, path, body)
        assert (refusal.status_code, "engineer" in refusal.json()["detail"]) == (403, True)
    building.refresh_from_db()


def test_sites_are_the_administrators(engineer: Client, program: Callable[..., Client]) -> None:
    assert send(engineer, "post", "sites", {"name": "S"}).status_code == 403
    site = make_site()
    local = program(Role.ADMINISTRATOR, site)
    assert send(local, "post", "sites", {"name": "S"}).status_code == 403
    assert send(local, "patch", f"sites/{site.pk}", {"name": "T"}).status_code == 200
    everywhere = program(Role.ADMINISTRATOR)
    assert send(everywhere, "post", "sites", {"name": "S"}).status_code == 201


def test_only_the_members_that_are_asked_for(reader: Client) -> None:
    building = Building.objects.create(site=make_site(), name="A")
    asked = {"fields": "name,id"}
    row = {"id": building.pk, "name": "A"}
    assert reader.get(f"{API}/buildings", asked).json()["results"] == [row]
    assert reader.get(f"{API}/buildings/{building.pk}", asked).json() == row
    assert "name" in wrong(reader.get(f"{API}/buildings", {"fields": "colour"}))["fields"]


def test_rows_are_ordered_by_members(reader: Client) -> None:
    building = Building.objects.create(site=make_site(), name="A")
    for name, level in (("x", 1), ("y", 1), ("z", 0)):
        Floor.objects.create(building=building, name=name, level=level)

    def names(ordering: str) -> list[str]:
        rows = reader.get(f"{API}/floors", {"ordering": ordering}).json()["results"]
        return [row["name"] for row in rows]

    assert names("-level,name") == ["x", "y", "z"]
    assert names("level,-name") == ["z", "y", "x"]
    assert "level" in wrong(reader.get(f"{API}/floors", {"ordering": "colour"}))["ordering"]


def test_a_cursor_meets_every_row_once_while_rows_come_and_go(reader: Client) -> None:
    site = make_site()
    rows = [Building.objects.create(site=site, name=f"B{n}").pk for n in range(5)]
    seen: list[int] = []
    link = f"{API}/buildings?cursor=0&page_size=2"
    while link:
        page = reader.get(link).json()
        assert (page["count"], page["previous"]) == (None, None)
        seen += [row["id"] for row in page["results"]]
        Building.objects.filter(pk=seen[0]).delete()
        link = page["next"]
    assert seen == rows


def test_a_cursor_goes_with_neither_a_page_nor_an_order(reader: Client) -> None:
    for name, value in (("page", "1"), ("ordering", "name")):
        refused = wrong(reader.get(f"{API}/buildings", {"cursor": 0, name: value}))
        assert "does not go with cursor" in refused[name]


def test_a_body_without_a_length_is_read(engineer: Client) -> None:
    building = Building.objects.create(site=make_site(), name="A")
    token = engineer.defaults["HTTP_AUTHORIZATION"].encode()

    def patch(body: bytes) -> Any:
        headers = {b"transfer-encoding": b"chunked", b"authorization": token}
        headers[b"content-type"] = b"application/json"
        path = f"{API}/buildings/{building.pk}"
        scope = {"type": "http", "method": "PATCH", "path": path, "headers": [*headers.items()]}
        view = resolve(path)
        return view.func(ASGIRequest(scope, BytesIO(body)), **view.kwargs)

    assert [patch(body).status_code for body in (b'{"name": "B"}', b"", b"{")] == [200, 200, 400]
    assert patch(b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)).status_code == 413
    building.refresh_from_db()
    assert building.name == "B"


def test_a_body_that_is_nested_too_deeply_is_refused(engineer: Client) -> None:
    body = '{"create": [{"a": ' + "[" * 500 + "]" * 500 + "}]}"
    for key in ({}, {"Idempotency_Key": "d1"}):
        assert send(engineer, "post", "buildings/bulk", body, **key).status_code == 400


def test_a_slash_at_the_end_changes_nothing(engineer: Client) -> None:
    site = make_site()
    row = send(engineer, "post", "buildings/", {"site": site.pk, "name": "A"}).json()
    assert send(engineer, "patch", f"buildings/{row['id']}/", {"name": "B"}).status_code == 200
    assert send(engineer, "post", "buildings/bulk/", {"delete": [row["id"]]}).status_code == 200
