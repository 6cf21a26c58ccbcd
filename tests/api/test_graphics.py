"""Graphic screens, the items on them and labels."""

from typing import Any

import pytest
from django.test import Client

from devices.models import Device
from t3000.models import GraphicLabel, GraphicScreen, Program
from tests.factories import make_device
from tests.sending import API, send, wrong

pytestmark = pytest.mark.django_db
FAN = {"id": 1, "type": "Fan", "width": 60, "height": 40, "translate": [10, -20, 0, 0]}


def items(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{**FAN, "id": first + number} for number in range(count)]


def post(client: Client, path: str, device: Device, index: int = 0, **members: Any) -> Any:
    return send(client, "post", path, {"device": device.pk, "index": index, **members})


def test_what_is_left_out_of_an_item_is_put_in(engineer: Client, panel: Device) -> None:
    looks = {"on_color": "#1f6feb", "blink": True}
    given = {**FAN, "point": "144IN3", "settings": looks}
    row = post(engineer, "graphics", panel, label="AHU1", items=[given]).json()
    assert engineer.get(f"{API}/graphics/{row['id']}").json() == row
    (item,) = row["items"]
    assert {name: item[name] for name in FAN} == FAN
    assert (item["scale_x"], item["group"], item["active"], item["point"]) == (1, 0, True, "144IN3")
    assert item["settings"] == {
        "active": True, "bg_color": "", "fill_color": "", "off_color": "", "on_color": "#1f6feb",
        "text_color": "", "title_color": "", "font_size": 16, "in_alarm": False, "icon": "",
        "display_field": "", "text_align": "", "blink": True, "blink_interval": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"index": 16}, "index", "16 graphic screens"),
        ({"label": "NINE_LONG"}, "label", "8"),
        ({"picture_file": "eleven.jpeg"}, "picture_file", "10"),
        ({"cursor_x": 256}, "cursor_x", "255"),
        ({"items": [{**FAN, "type": "x" * 20}]}, "items.0.type", "19"),
        ({"items": [{**FAN, "translate": [1, 2, 3]}]}, "items.0.translate", "4"),
        ({"items": [{**FAN, "settings": {"colour": ""}}]}, "items.0.settings.colour", "no such"),
        ({"items": [{**FAN, "point": "FAN"}]}, "items", "0: point: 'FAN' is no point"),
        ({"items": [FAN, FAN]}, "items", "the same id"),
        ({"items": items(81)}, "items", "80"),
        ({"items": [1]}, "items.0", "object"),
    ],
)
def test_what_does_not_fit_a_screen(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    body = {"device": panel.pk, "index": 0, **members}
    assert told in wrong(send(engineer, "post", "graphics", body))[field]
    assert not GraphicScreen.objects.exists()


def test_the_screens_of_a_panel_share_their_room(engineer: Client, panel: Device) -> None:
    assert post(engineer, "graphics", panel, 0, items=items(79)).status_code == 201
    refusal = wrong(post(engineer, "graphics", panel, 1, items=items(2)))
    assert "would come to 81 together; there is room for 80" in refusal["items"]
    assert post(engineer, "graphics", panel, 1, items=items(1)).status_code == 201
    for index in (0, 1):
        elsewhere = post(engineer, "graphics", make_device(), index, items=items(80))
        assert elsewhere.status_code == 201


def test_a_screen_has_no_label_of_a_program(engineer: Client, panel: Device) -> None:
    Program.objects.create(device=panel, index=2, label="AHU1", description="Air")
    refusal = wrong(post(engineer, "graphics", panel, label="ahu1", description="Air"))
    assert "program 3 has this label" in refusal["label"]
    assert "program 3 has this description" in refusal["description"]
    assert post(engineer, "graphics", panel, description="air").status_code == 201


LABEL = {
    "status": 1,
    "screen": 15,
    "point": "144VAR128",
    "x": 65_535,
    "y": 0,
    "text_color": "#1f6feb",
    "display": 7,
    "icon_size": 2,
    "text_place": 3,
    "icon_1": "fan_off.png",
    "icon_2": "nineteen characters",
}


def test_a_label_is_told_as_it_was_written(engineer: Client, panel: Device) -> None:
    row = post(engineer, "graphic-labels", panel, 239, **LABEL).json()
    assert {name: row[name] for name in LABEL} == LABEL
    assert engineer.get(f"{API}/graphic-labels/{row['id']}").json() == row
    post(engineer, "graphic-labels", panel, 0)
    on_it = engineer.get(f"{API}/graphic-labels", {"screen": 15}).json()["results"]
    assert [one["id"] for one in on_it] == [row["id"]]


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"index": 240}, "index", "240 graphic labels"),
        ({"screen": 16}, "screen", "screens 0 to 15"),
        ({"point": "144X3"}, "point", "144IN3"),
        ({"x": 65_536}, "x", "65535"),
        ({"text_color": "red"}, "text_color", "#1f6feb"),
        ({"text_color": "#1F6FEB"}, "text_color", "small letters"),
        ({"display": 8}, "display", "7 (Icon only)"),
        ({"icon_1": "x" * 20}, "icon_1", "19"),
    ],
)
def test_what_does_not_fit_a_label(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    body = {"device": panel.pk, "index": 0, **members}
    assert told in wrong(send(engineer, "post", "graphic-labels", body))[field]
    assert not GraphicLabel.objects.exists()


def test_other_devices_have_any_number_of_screens(engineer: Client) -> None:
    device = make_device()
    assert post(engineer, "graphics", device, 16).status_code == 201
    assert post(engineer, "graphic-labels", device, 240, screen=16).status_code == 201
