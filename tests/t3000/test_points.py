from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.domain import rows
from devices.domain.rights import Rights
from devices.enums import Role, SyncState
from devices.models import AuditEntry, Device
from protocols.types import PointAddress, PointInfo, PointKind
from t3000.domain import points
from t3000.models import ConversionTable, Point
from tests.factories import make_device, make_point

pytestmark = pytest.mark.django_db


def register(device: Device, described: Sequence[PointInfo]) -> None:
    """As a search does with a device that registers itself."""
    points.take_over(points.compare(device, described))


def info(object_type: str, number: int, kind: PointKind, **texts: object) -> PointInfo:
    return PointInfo(
        PointAddress(object_type, number), kind, **{"name": f"{object_type}{number}", **texts}
    )


def test_register_numbers_points_within_their_kind() -> None:
    device = make_device()
    register(
        device,
        [
            info("binary-input", 1, PointKind.INPUT),
            info("analog-input", 2, PointKind.INPUT),
            info("analog-input", 1, PointKind.INPUT),
            info("analog-value", 7, PointKind.VARIABLE, units="°C", writable=True),
        ],
    )
    rows = Point.objects.filter(device=device)
    assert [(point.number, point.address) for point in rows] == [
        ("IN1", "analog-input,1"),
        ("IN2", "analog-input,2"),
        ("IN3", "binary-input,1"),
        ("VAR1", "analog-value,7"),
    ]


def test_a_devices_own_numbers_are_kept() -> None:
    device = make_device()
    register(device, [info("input", 3, PointKind.INPUT, index=2)])
    register(
        device,
        [
            info("input", 1, PointKind.INPUT, index=0),
            info("input", 3, PointKind.INPUT, index=2),
            info("variable", 128, PointKind.VARIABLE, index=127),
        ],
    )
    rows = Point.objects.filter(device=device)
    assert [(point.number, point.address) for point in rows] == [
        ("IN1", "input,1"),
        ("IN3", "input,3"),
        ("VAR128", "variable,128"),
    ]


def test_a_point_keeps_its_index_for_ever() -> None:
    device = make_device()
    register(device, [info("analog-input", 5, PointKind.INPUT)])
    register(
        device,
        [
            info("analog-input", 1, PointKind.INPUT),
            info("analog-input", 5, PointKind.INPUT, units="Pa"),
        ],
    )
    rows = Point.objects.filter(device=device).order_by("index")
    assert [(point.index, point.address, point.units) for point in rows] == [
        (0, "analog-input,5", "Pa"),
        (1, "analog-input,1", ""),
    ]


def test_odd_texts_are_cleaned_before_they_are_stored() -> None:
    """PostgreSQL takes no NUL, in a JSON list neither."""
    device = make_device()
    texts = {"name": "\0OAT\n", "description": "Outside\nair", "units": "°C\0"}
    states = ("Off\0", "On\x1b\n")
    register(device, [info("analog-input", 1, PointKind.INPUT, **texts, states=states)])
    point = Point.objects.get(device=device)
    assert (point.label, point.description, point.units) == ("OAT", "Outside air", "°C")
    assert point.states == ["Off", "On"]


def test_whether_it_has_priorities_is_taken_over() -> None:
    device = make_device()
    register(device, [info("output", 1, PointKind.OUTPUT)])
    assert Point.objects.get(device=device).has_priorities
    register(device, [info("output", 1, PointKind.OUTPUT, has_priorities=False)])
    assert not Point.objects.get(device=device).has_priorities


def test_a_label_of_nothing_printable_is_the_address() -> None:
    device = make_device()
    register(device, [info("analog-input", 1, PointKind.INPUT, name="\0\n ")])
    assert Point.objects.get(device=device).label == "analog-input,1"


def test_a_point_no_longer_described_stays() -> None:
    device = make_device()
    register(device, [info("analog-input", 1, PointKind.INPUT)])
    register(device, [])
    assert Point.objects.filter(device=device).count() == 1


@pytest.mark.parametrize("count", [1, 20])
def test_register_makes_as_many_queries_for_one_point_as_for_many(
    count: int, django_assert_num_queries: object
) -> None:
    device = make_device()
    described = [info("analog-input", number, PointKind.INPUT) for number in range(count)]
    with django_assert_num_queries(5):  # known, highest, insert, site, audit
        register(device, described)
    with django_assert_num_queries(1):  # known: there is nothing new
        register(device, described)


def edit(point: Point, **values: object) -> None:
    rights = Rights(1, Role.ADMINISTRATOR)
    rows.update(Point, {point.pk: values}, by=rights, role=Role.ENGINEER)
    point.refresh_from_db()


def test_what_a_device_describes_is_in_sync_and_told_by_one_entry_of_the_device() -> None:
    device = make_device()
    before = AuditEntry.objects.count()
    described = [info("analog-input", number, PointKind.INPUT) for number in range(3)]
    register(device, described)
    assert {point.state for point in Point.objects.all()} == {SyncState.IN_SYNC}
    assert all(point.held["label"] == point.label for point in Point.objects.all())
    (entry,) = AuditEntry.objects.all()[: AuditEntry.objects.count() - before]
    assert (entry.kind, entry.row_id) == ("device", device.pk)
    assert entry.changes == {"points": [0, 3]}
    register(device, [*described, info("analog-input", 9, PointKind.INPUT)])
    assert AuditEntry.objects.first().changes == {"points": [3, 4]}


def test_an_edit_is_not_overwritten_by_what_the_device_holds() -> None:
    device = make_device()
    described = info("analog-input", 1, PointKind.INPUT, name="OAT", units="°C")
    register(device, [described])
    point = Point.objects.get(device=device)
    edit(point, label="Outdoor air")
    assert point.state == SyncState.PENDING
    register(device, [described])
    point.refresh_from_db()
    assert (point.label, point.held["label"], point.state) == ("Outdoor air", "OAT", "pending")
    register(device, [replace(described, description="North wall", writable=True)])
    point.refresh_from_db()
    assert (point.label, point.description, point.state) == ("Outdoor air", "", "conflict")
    assert point.writable
    edit(point, label="OAT", description="North wall")
    assert point.state == SyncState.IN_SYNC
    edit(point, label="Outdoor air")
    register(device, [replace(described, name="Outdoor air", description="North wall")])
    point.refresh_from_db()
    assert point.state == SyncState.IN_SYNC


def test_an_edit_that_is_being_stored_is_waited_for() -> None:
    if not connection.features.has_select_for_update:
        pytest.skip("this database has one writer at a time anyway")
    device = make_device()
    described = [info("analog-input", 1, PointKind.INPUT)]
    register(device, described)
    with CaptureQueriesContext(connection) as seen:
        register(device, described)
    assert any("FOR NO KEY UPDATE" in one["sql"] for one in seen)


def test_what_somebody_changed_at_the_device_is_taken_over_and_recorded() -> None:
    device = make_device()
    described = info("analog-input", 1, PointKind.INPUT, name="OAT")
    register(device, [described])
    register(device, [replace(described, name="OAT 2")])
    point = Point.objects.get(device=device)
    assert (point.label, point.held["label"], point.state) == ("OAT 2", "OAT 2", "in_sync")
    assert AuditEntry.objects.first().changes == {"label": ["OAT", "OAT 2"]}


def test_of_a_panel_its_ranges_are_known() -> None:
    panel, other = make_device(serial_number=7), make_device()
    described = info("input", 1, PointKind.INPUT, units="°C", range_number=3)
    for device in (panel, other):
        register(device, [described])
    point = Point.objects.get(device=panel)
    assert (point.range, point.digital_analog, point.held["range"]) == (3, 1, 3)
    assert point.units == "°C"
    assert "units" not in point.held
    assert Point.objects.get(device=other).range is None
    edit(point, range=4)
    register(panel, [described])
    point.refresh_from_db()
    assert (point.range, point.units, point.state) == (4, "°C", SyncState.PENDING)
    register(panel, [replace(described, range_number=4, units="°F")])
    point.refresh_from_db()
    assert (point.units, point.state) == ("°F", SyncState.IN_SYNC)


def test_a_device_that_turns_out_to_be_a_panel_stays_in_sync() -> None:
    device = make_device()
    described = info("input", 1, PointKind.INPUT, units="°C", range_number=3)
    register(device, [described])
    device.serial_number = 7
    device.save()
    register(device, [described])
    point = Point.objects.get(device=device)
    assert (point.range, point.units, point.state) == (3, "°C", SyncState.IN_SYNC)
    edit(point, range=4)
    edit(point, range=3)
    assert point.state == SyncState.IN_SYNC


def test_a_panels_own_units_are_those_of_its_points() -> None:
    panel = make_device(serial_number=7)
    ConversionTable.objects.create(device=panel, index=0, name="bar")
    described = [
        info("input", number, PointKind.INPUT, range_number=range_number)
        for number, range_number in ((1, 20), (2, 21))
    ]
    register(panel, described)
    assert [point.units for point in Point.objects.order_by("index")] == ["bar", ""]


def test_addresses_lists_what_to_read_of_each_device() -> None:
    point = make_point()
    empty = make_device()
    assert points.addresses([point.device_id, empty.pk]) == {
        point.device_id: [PointAddress("analog-input", 1)],
        empty.pk: [],
    }
