"""Arrays, conversion tables and units of a panel's own: what fits into them."""

from typing import Any

import pytest
from django.test import Client

from devices.models import Device
from t3000.models import Array, ConversionTable, Unit
from tests.factories import make_device
from tests.sending import API, send, wrong

pytestmark = pytest.mark.django_db


def post(client: Client, path: str, device: Device, index: int = 0, **members: Any) -> Any:
    return send(client, "post", path, {"device": device.pk, "index": index, **members})


def make(client: Client, path: str, device: Device, index: int = 0, **members: Any) -> Any:
    made = post(client, path, device, index, **members)
    assert made.status_code == 201, made.content
    return made.json()


def test_an_array_is_told_as_it_was_written(engineer: Client, panel: Device) -> None:
    row = make(engineer, "arrays", panel, label="AR1", size=4, cells=[1, -(2**31), 2**31 - 1])
    assert engineer.get(f"{API}/arrays/{row['id']}").json() == row
    assert row == {
        "id": row["id"],
        "device": panel.pk,
        "index": 0,
        "label": "AR1",
        "size": 4,
        "cells": [1, -(2**31), 2**31 - 1],
        "held": None,
        "state": "pending",
        "problem": "",
    }


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"size": 65_536}, "size", "65535"),
        ({"size": 2049}, "size", "would come to 2,049 together; there is room for 2,048"),
        ({"size": 1, "cells": [1, 2]}, "cells", "These are 2 cells, and the size is 1."),
        ({"size": 1, "cells": [2**31]}, "cells.0", "2147483647"),
        ({"size": 1, "cells": ["1"]}, "cells.0", "not a whole number"),
        ({"size": 1, "cells": [1.5]}, "cells.0", "not a whole number"),
        ({"cells": {"0": 1}}, "cells", "list"),
        ({"cells": ""}, "cells", "list"),
        ({"cells": None}, "cells", "null"),
        ({"index": 16}, "index", "16 arrays"),
        ({"label": "NINE_LONG"}, "label", "8"),
    ],
)
def test_what_does_not_fit_an_array(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    body = {"device": panel.pk, "index": 0, **members}
    assert told in wrong(send(engineer, "post", "arrays", body))[field]
    assert not Array.objects.exists()


def test_the_arrays_of_a_panel_share_their_room(engineer: Client, panel: Device) -> None:
    make(engineer, "arrays", panel, 0, size=2000)
    other = make(engineer, "arrays", panel, 1, size=48)
    path = f"arrays/{other['id']}"
    assert "2,049 together" in wrong(send(engineer, "patch", path, {"size": 49}))["size"]
    assert send(engineer, "patch", path, {"label": "X"}).status_code == 200
    make(engineer, "arrays", make_device(serial_number=4712), size=2048)
    make(engineer, "arrays", make_device(), size=65_535)
    moved = [
        {"id": Array.objects.get(device=panel, index=0).pk, "size": 48},
        {"id": other["id"], "size": 2000},
    ]
    assert send(engineer, "post", "arrays/bulk", {"update": moved}).status_code == 200


def test_a_smaller_array_has_fewer_cells(engineer: Client, panel: Device) -> None:
    row = make(engineer, "arrays", panel, size=2, cells=[1, 2])
    path = f"arrays/{row['id']}"
    assert "2 cells" in wrong(send(engineer, "patch", path, {"size": 1}))["size"]
    assert send(engineer, "patch", path, {"size": 1, "cells": [1]}).status_code == 200


PAIRS = [{"volts": 1.0, "value": 0}, {"volts": 5.5, "value": 100}]


def test_a_table_is_told_as_it_was_written(engineer: Client, panel: Device) -> None:
    row = make(engineer, "tables", panel, 4, name="l/min", pairs=PAIRS)
    assert engineer.get(f"{API}/tables/{row['id']}").json() == row
    assert (row["pairs"], row["high_precision"]) == (PAIRS, False)
    fine = [{"volts": 1.25, "value": -0.75}]
    changed = {"high_precision": True, "pairs": fine}
    row = send(engineer, "patch", f"tables/{row['id']}", changed).json()
    assert row["pairs"] == fine


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"pairs": PAIRS[::-1]}, "pairs", "Pair 1 has 1.0 V after 5.5 V"),
        ({"pairs": [PAIRS[0], PAIRS[0]]}, "pairs", "more volts than the one before"),
        ({"pairs": [{"volts": 1.25, "value": 0}]}, "pairs", "volts 1.25 has more than 1 decimals"),
        ({"pairs": [{"volts": 1, "value": 0.5}]}, "pairs", "value 0.5 has more than 0 decimals"),
        (
            {"high_precision": True, "pairs": [{"volts": 1.125, "value": 0}]},
            "pairs",
            "more than 2 decimals",
        ),
        (
            {"high_precision": True, "pairs": [{"volts": 1, "value": -21_474_836.48}]},
            "pairs",
            "value -21474836.48 does not fit; it can be up to 21474836.47",
        ),
        ({"pairs": [{"volts": 10.1, "value": 0}]}, "pairs.0.volts", "the largest is 10"),
        ({"pairs": [{"volts": -1, "value": 0}]}, "pairs.0.volts", "the smallest is 0"),
        ({"pairs": [{"volts": 1}]}, "pairs.0.value", "required"),
        ({"pairs": [{"volts": 1, "value": 2, "x": 3}]}, "pairs.0.x", "no such member"),
        ({"pairs": [{"volts": n / 10, "value": n} for n in range(17)]}, "pairs", "16"),
        ({"index": 5}, "index", "5 tables"),
        ({"name": "NINE_LONG"}, "name", "8"),
    ],
)
def test_what_does_not_fit_a_table(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    body = {"device": panel.pk, "index": 0, **members}
    assert told in wrong(send(engineer, "post", "tables", body))[field]
    assert not ConversionTable.objects.exists()


def test_half_a_pair_is_refused_in_a_change_too(engineer: Client, panel: Device) -> None:
    row = make(engineer, "tables", panel, pairs=PAIRS)
    path = f"tables/{row['id']}"
    found = wrong(send(engineer, "patch", path, {"pairs": [{"volts": 1}]}))
    assert "value: This is required." in found["pairs"]
    assert "pairs" not in wrong(send(engineer, "patch", path, {"name": "NINE_LONG"}))


def test_precision_is_not_lost_by_the_way(engineer: Client, panel: Device) -> None:
    fine = [{"volts": 1.25, "value": 0.5}]
    row = make(engineer, "tables", panel, high_precision=True, pairs=fine)
    path = f"tables/{row['id']}"
    refusal = wrong(send(engineer, "patch", path, {"high_precision": False}))
    assert "normal precision cannot hold" in refusal["high_precision"]


@pytest.mark.parametrize(
    ("firmware", "status"), [("64.7", 400), ("64.08", 201), ("66.2", 201), ("", 201), ("beta", 201)]
)
def test_high_precision_takes_a_firmware_that_knows_it(
    engineer: Client, firmware: str, status: int
) -> None:
    panel = make_device(serial_number=4711, firmware=firmware)
    response = post(engineer, "tables", panel, high_precision=True)
    assert response.status_code == status
    if status == 400:
        assert "This panel has firmware 64.7" in wrong(response)["high_precision"]
    assert post(engineer, "tables", panel, 1).status_code == 201


STATES = [
    {"used": True, "name": "Low", "value": 1},
    {"used": False, "name": "", "value": 0},
    {"used": True, "name": "nineteen characters", "value": 65_535},
]


@pytest.mark.parametrize(
    ("kind", "members", "places"),
    [
        ("digital", {"off_text": "closed", "on_text": "open", "direct": 1}, 8),
        ("variable", {"name": "kg of water per day"}, 5),
        ("multi_state", {"states": STATES}, 3),
    ],
)
def test_a_unit_has_the_members_of_its_kind(
    engineer: Client, panel: Device, kind: str, members: dict[str, Any], places: int
) -> None:
    row = make(engineer, "units", panel, places - 1, kind=kind, **members)
    assert {name: row[name] for name in members} == members
    assert engineer.get(f"{API}/units/{row['id']}").json() == row
    beyond = wrong(post(engineer, "units", panel, places, kind=kind, **members))
    assert f"has {places} " in beyond["index"]
    unit = Unit.objects.get()
    assert unit.wanted().keys() == members.keys()
    unit.take_over(unit.wanted())
    assert unit.state == "in_sync"


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"kind": "digital", "name": "kg"}, "name", "A unit of kind digital has no name"),
        ({"kind": "variable", "on_text": "on"}, "on_text", "it has: name"),
        ({"kind": "variable", "states": STATES}, "states", "has no states"),
        ({"kind": "multi_state", "direct": 1}, "direct", "it has: states"),
        ({"kind": "digital", "off_text": "twelve chars"}, "off_text", "11"),
        ({"kind": "variable", "name": "x" * 20}, "name", "19"),
        ({"kind": "multi_state", "states": STATES * 3}, "states", "8"),
        (
            {"kind": "multi_state", "states": [{**STATES[0], "name": "x" * 20}]},
            "states.0.name",
            "19",
        ),
        ({"kind": "multi_state", "states": [{**STATES[0], "value": -1}]}, "states.0.value", "0"),
        ({"kind": "multi_state", "states": [{**STATES[0], "used": 1}]}, "states.0.used", "true"),
        ({"kind": "analog"}, "kind", "multi_state"),
        ({}, "kind", "required"),
    ],
)
def test_what_does_not_fit_a_unit(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    assert told in wrong(post(engineer, "units", panel, **members))[field]
    assert not Unit.objects.exists()


def test_units_of_each_kind_have_places_of_their_own(engineer: Client, panel: Device) -> None:
    for kind in ("digital", "variable", "multi_state"):
        make(engineer, "units", panel, 0, kind=kind)
    doubled = wrong(post(engineer, "units", panel, 0, kind="digital"))
    assert "already" in doubled["index"]
    found = engineer.get(f"{API}/units", {"kind": "variable", "device": panel.pk}).json()
    assert [row["kind"] for row in found["results"]] == ["variable"]
    row = found["results"][0]
    moved = wrong(send(engineer, "patch", f"units/{row['id']}", {"kind": "digital"}))
    assert "stays where it is" in moved["kind"]


def test_rows_are_found_by_place_and_state(engineer: Client, panel: Device) -> None:
    row = make(engineer, "arrays", panel, label="TEMPS")
    make(engineer, "arrays", make_device(), label="OTHER")
    Array.objects.filter(pk=row["id"]).update(state="conflict")
    for query in (
        {"device": panel.pk},
        {"network": panel.network_id},
        {"site": panel.network.site_id},
        {"state": "conflict"},
        {"search": "temp"},
    ):
        found = engineer.get(f"{API}/arrays", query).json()["results"]
        assert [one["id"] for one in found] == [row["id"]], query


def test_many_rows_cost_no_more_questions_than_one(
    engineer: Client, panel: Device, django_assert_max_num_queries: Any
) -> None:
    rows = [{"device": panel.pk, "index": n, "size": 1, "label": f"A{n}"} for n in range(16)]
    with django_assert_max_num_queries(25):
        assert send(engineer, "post", "arrays/bulk", {"create": rows}).status_code == 200
