"""What may be written of points of T3 panels, and of others."""

from typing import Any

import pytest

from devices.domain import rows
from devices.domain.rights import Rights
from devices.domain.rows import BadRows
from devices.enums import NetworkProtocol, Role, SyncState
from devices.models import AuditEntry, Device, ProductModel
from protocols.t3 import ranges
from protocols.types import PointAddress, PointInfo
from t3000.domain import points
from t3000.enums import DigitalAnalog, PointKind, UnitKind
from t3000.models import ConversionTable, HardwareInfo, Point, Unit
from t3000.models.point_rules import ALL_T3_FIELDS, T3_FIELDS
from tests.factories import NOW, make_device, make_network, make_point

pytestmark = pytest.mark.django_db
ALL = Rights(1, Role.ADMINISTRATOR)
ANALOG, DIGITAL = DigitalAnalog.ANALOG, DigitalAnalog.DIGITAL


def make_panel(**fields: Any) -> Device:
    network = make_network(protocol=NetworkProtocol.MODBUS, targets=["127.0.0.9"])
    return make_device(network=network, **{"serial_number": 7, **fields})


def create(device: Device, **values: Any) -> Point:
    whole = {"device_id": device.pk, "kind": "input", "index": 0, **values}
    (point,) = rows.create(Point, [whole], by=ALL, role=Role.ENGINEER)
    return Point.objects.get(pk=point.pk)


def update(point: Point, **values: Any) -> Point:
    rows.update(Point, {point.pk: values}, by=ALL, role=Role.ENGINEER)
    return Point.objects.get(pk=point.pk)


def wrong(device: Device, **values: Any) -> dict[str, str]:
    with pytest.raises(BadRows) as caught:
        create(device, **values)
    return {one.field: one.message for one in caught.value.problems}


def found(panel: Device, *, number: int, shape: int, kind: str = "input", index: int = 0) -> Point:
    """A point as the panel tells that it holds it."""
    address = PointAddress(kind, index + 1)
    info = PointInfo(
        address,
        PointKind(kind),
        name=f"{kind[0]}{index}",
        index=index,
        range_number=number,
        is_digital=shape == DIGITAL,
    )
    points.take_over(points.compare(panel, [info]))
    return Point.objects.get(device=panel, address=str(address))


def make_product(number: int) -> ProductModel:
    """Shipped with the migrations; tests that commit take it away."""
    return ProductModel.objects.get_or_create(number=number, defaults={"name": "T3"})[0]


def test_a_new_point_of_a_panel_has_its_own_address_and_is_pending() -> None:
    point = create(make_panel(), index=4, label="ZN-T".replace("-", "_"), range=3, digital_analog=1)
    assert (point.address, str(point), point.state) == ("input,5", "IN5", SyncState.PENDING)
    assert (point.range, point.units, point.states) == (3, "", [])
    assert not point.has_priorities  # Modbus knows none


def test_a_wanted_range_says_nothing_of_the_values_until_the_panel_holds_it() -> None:
    panel = make_panel()
    point = create(panel, index=30, label="NEW_T", range=3, digital_analog=ANALOG)
    found(panel, number=1, shape=ANALOG)
    point.refresh_from_db()
    assert (point.units, point.low, point.high) == ("", None, None)
    assert found(panel, index=30, number=3, shape=ANALOG).units == "°C"


@pytest.mark.parametrize(
    ("kind", "most", "told"),
    [
        ("input", 64, "has 64 inputs: the index goes from 0 to 63"),
        ("output", 64, "has 64 outputs: the index goes from 0 to 63"),
        ("variable", 128, "has 128 variables: the index goes from 0 to 127"),
        ("pvar", 0, "has no private variables"),
    ],
)
def test_a_panel_has_so_many_points_of_a_kind(kind: str, most: int, told: str) -> None:
    assert told in wrong(make_panel(), kind=kind, index=most)["index"]


@pytest.mark.parametrize(
    ("product", "firmware", "most"),
    [(88, "66.04", 48), (88, "66.12", 48), (88, "66.02", 0), (88, "", 0), (74, "66.12", 0)],
)
def test_private_variables_come_with_product_and_firmware(
    product: int, firmware: str, most: int
) -> None:
    panel = make_panel(product=make_product(product), firmware=firmware)
    if most:
        last = create(panel, kind="pvar", index=most - 1)
        assert (str(last), last.address) == (f"PVAR{most}", f"pvar,{most}")
    assert str(most or "no private") in wrong(panel, kind="pvar", index=most)["index"]


@pytest.mark.parametrize(("firmware", "most"), [("63.07", 100), ("63.06", 64)])
def test_a_panel_may_say_that_it_has_more(firmware: str, most: int) -> None:
    panel = make_panel(product=make_product(88), firmware=firmware)
    HardwareInfo.objects.create(device=panel, read_at=NOW, max_inputs=100)
    assert str(create(panel, index=most - 1)) == f"IN{most}"
    assert str(most) in wrong(panel, index=most)["index"]


@pytest.mark.parametrize("index", [63, 64])
def test_other_devices_have_any_number_of_points(index: int) -> None:
    assert create(make_device(), index=index, address="analog-input,1").index == index


@pytest.mark.parametrize(
    ("values", "field", "why"),
    [
        ({"label": "NINECHARS"}, "label", "room for 8"),
        ({"label": "ZN-T"}, "label", "write _"),
        ({"label": "ZN.T"}, "label", "write _"),
        ({"description": "x" * 21}, "description", "room for 20"),
        ({"kind": "output", "description": "x" * 19}, "description", "room for 18"),
        ({"kind": "output", "filter": 5}, "filter", "Filter belongs to inputs, not to outputs"),
        ({"pwm_period": 5}, "pwm_period", "PWM period belongs to outputs, not to inputs"),
        ({"kind": "variable", "sub_id": 1}, "sub_id", "belongs to inputs and outputs"),
        ({"kind": "output", "calibration": 0.0}, "calibration", "belongs to inputs"),
        ({"range": 35, "digital_analog": ANALOG}, "range", "they have 0 to 34"),
        ({"range": 31, "digital_analog": DIGITAL}, "range", "they have 0 to 30 and 101 to 104"),
        ({"kind": "output", "range": 9, "digital_analog": ANALOG}, "range", "they have 0 to 8"),
        ({"range": 3, "digital_analog": ANALOG, "units": "Pa"}, "units", "change the range"),
        ({"units": "Pa"}, "units", "change the range"),
        ({"states": ["Off", "On"]}, "states", "change the range"),
        ({"calibration": 1.05}, "calibration", "one digit"),
        ({"calibration": 6553.6}, "calibration", "6553.5"),
        ({"kind": "output", "high_voltage": 12.1}, "high_voltage", "12"),
        ({"kind": "output", "low_voltage": -0.1}, "low_voltage", "0"),
        ({"filter": 256}, "filter", "255"),
        ({"address": "input,2"}, "address", "IN1 of a panel is input,1"),
    ],
    ids=str,
)
def test_a_panels_point_says_what_is_wrong(values: dict[str, Any], field: str, why: str) -> None:
    found = wrong(make_panel(), **values)
    assert found.keys() == {field}
    assert why in found[field]


@pytest.mark.parametrize(
    ("values", "field", "why"),
    [
        ({"range": 3}, "range", "nothing of the kind"),
        ({"filter": 5}, "filter", "nothing of the kind"),
        ({"address": ""}, "address", "required here; write one such as analog-input,3."),
        ({"address": "analog-inputs,1"}, "address", "such as analog-input,3"),
        ({"address": "analog-input,4194303"}, "address", "4,194,302"),
        ({"address": "input,1"}, "address", "there are: analog-input"),
        ({"label": "x" * 129}, "label", "128"),
        ({"low": 50.0, "high": 10.0}, "low", "low is above high: 50 to 10"),
        ({"address": "analog-output,3"}, "address", "belongs to outputs, not to inputs"),
        ({"kind": "pvar"}, "address", "belongs to inputs, not to private variables"),
        ({"kind": "output", "address": "binary-value,1"}, "address", "belongs to variables"),
    ],
)
def test_a_point_of_another_device_says_what_is_wrong(
    values: dict[str, Any], field: str, why: str
) -> None:
    found = wrong(make_device(), **{"address": "analog-input,1", **values})
    assert found.keys() == {field}
    assert why in found[field]


def test_another_devices_points_are_named_as_they_like() -> None:
    device = make_device()
    point = create(device, address="analog-input,07", label="Zone-1.temperature, long")
    twin = create(device, index=1, address="analog-input,8", label="Zone-1.temperature, long")
    assert (point.address, twin.label) == ("analog-input,7", point.label)
    assert create(device, index=2, address="analog-input,9").label == "analog-input,9"
    again = wrong(device, index=3, address="analog-input,007")
    assert again.keys() == {"address"}


def test_no_two_points_of_a_panel_have_one_name_whatever_their_kind() -> None:
    panel = make_panel()
    create(panel, label="FAN", description="Supply fan")
    twin = {"kind": "output", "label": "FAN", "description": "Supply fan"}
    assert wrong(panel, **twin).keys() == {"label", "description"}
    create(panel, kind="output")
    create(panel, kind="variable")  # nobody is named nothing
    create(make_panel(serial_number=8), **twin)


def test_units_follow_the_range() -> None:
    panel = make_panel()
    assert found(panel, kind="variable", number=1, shape=ANALOG).units == "°C"
    assert found(panel, kind="variable", number=2, shape=ANALOG).units == "°F"
    point = found(panel, kind="variable", number=2, shape=DIGITAL)
    assert (point.units, point.states, point.low) == ("", ["Close", "Open"], None)
    entry = AuditEntry.objects.filter(kind="point").order_by("-pk")[0]
    assert entry.changes["units"] == ["°F", ""]


def test_a_range_that_is_wrong_with_the_other_half_is_told_at_the_one_that_was_given() -> None:
    point = create(make_panel(), range=34, digital_analog=ANALOG)
    for values in ({"digital_analog": DIGITAL}, {"range": 35}):
        with pytest.raises(BadRows) as caught:
            update(point, **values)
        assert [one.field for one in caught.value.problems] == [*values]


def test_a_panels_own_units_are_told() -> None:
    panel, other = make_panel(), make_panel(serial_number=8)
    ConversionTable.objects.create(device=panel, index=1, name="bar")
    Unit.objects.create(device=panel, kind=UnitKind.VARIABLE, index=0, name="rpm")
    Unit.objects.create(
        device=panel, kind=UnitKind.DIGITAL, index=2, off_text="Idle", on_text="Busy"
    )
    assert found(panel, number=21, shape=ANALOG).units == "bar"
    assert found(panel, index=1, number=20, shape=ANALOG).units == ""
    assert found(panel, kind="variable", number=34, shape=ANALOG).units == "rpm"
    assert found(panel, index=2, number=25, shape=DIGITAL).states == ["Idle", "Busy"]
    assert found(panel, index=3, number=23, shape=DIGITAL).states == ["Off", "On"]
    assert found(other, number=21, shape=ANALOG).units == ""


def own_unit(panel: Device, **values: Any) -> Unit:
    whole = {"device_id": panel.pk, "kind": UnitKind.VARIABLE, "index": 0, **values}
    (unit,) = rows.create(Unit, [whole], by=ALL, role=Role.ENGINEER)
    return unit


def change(row: Unit | ConversionTable, **values: Any) -> None:
    rows.update(type(row), {row.pk: values}, by=ALL, role=Role.ENGINEER)


def test_points_follow_the_units_of_their_panel() -> None:
    panel, other = make_panel(), make_panel(serial_number=8)
    point, foreign = (
        found(one, kind="variable", number=34, shape=ANALOG) for one in (panel, other)
    )
    unit = own_unit(panel, name="rpm")
    point.refresh_from_db()
    foreign.refresh_from_db()
    assert (point.units, foreign.units, point.state) == ("rpm", "", SyncState.IN_SYNC)
    change(unit, name="l/s")
    point.refresh_from_db()
    assert point.units == "l/s"
    entry = AuditEntry.objects.filter(kind="point").order_by("-pk")[0]
    assert entry.changes == {"units": ["rpm", "l/s"]}
    rows.delete(Unit, [unit.pk], by=ALL, role=Role.ENGINEER)
    point.refresh_from_db()
    assert point.units == ""


def test_points_follow_the_tables_and_contacts_of_their_panel() -> None:
    panel = make_panel()
    analog = found(panel, number=20, shape=ANALOG)
    digital = found(panel, index=1, number=23, shape=DIGITAL)
    table = {"device_id": panel.pk, "index": 0, "name": "bar"}
    rows.create(ConversionTable, [table], by=ALL, role=Role.ENGINEER)
    change(own_unit(panel, kind="digital", off_text="Idle", on_text="Busy"), direct=1)
    analog.refresh_from_db()
    digital.refresh_from_db()
    assert (analog.units, digital.states) == ("bar", ["Busy", "Idle"])


def test_points_are_in_the_units_that_the_panel_holds() -> None:
    """It does not know yet what we want."""
    panel = make_panel()
    point = found(panel, kind="variable", number=34, shape=ANALOG)
    unit = own_unit(panel, name="rpm")
    unit.take_over({"name": "rpm"})
    unit.save()
    change(unit, name="l/s")
    point.refresh_from_db()
    assert point.units == "rpm"


@pytest.mark.parametrize("count", [1, 20])
def test_many_points_follow_at_the_cost_of_one(count: int, django_assert_num_queries: Any) -> None:
    panel = make_panel()
    for index in range(count):
        found(panel, kind="variable", index=index, number=34, shape=ANALOG)
    unit = own_unit(panel, name="rpm")
    with django_assert_num_queries(20):
        change(unit, name="l/s")


@pytest.mark.parametrize("kind", PointKind)
def test_every_range_that_a_panel_knows_can_be_written(kind: PointKind) -> None:
    panel = make_panel()
    point = make_point(panel, kind=kind, address=f"{kind},1")
    for shape in DigitalAnalog:
        for one in ranges.known(kind.of_ranges, digital=shape == DIGITAL):
            wanted = {"range": one.number, "digital_analog": shape}
            assert update(point, **wanted).range == one.number
            read = found(panel, kind=kind, number=one.number, shape=shape)
            assert (read.units, read.states) == (one.unit, list(one.hardware_states))


def test_every_field_of_panels_belongs_to_some_kind_and_starts_empty() -> None:
    assert set(T3_FIELDS) == set(PointKind)
    assert {Point._meta.get_field(name).get_default() for name in ALL_T3_FIELDS} == {None}


@pytest.mark.parametrize("count", [1, 20])
def test_many_points_cost_as_many_queries_as_one(
    count: int, django_assert_num_queries: Any
) -> None:
    panel = make_panel()
    values = [
        {"device_id": panel.pk, "kind": "input", "index": index, "label": f"L{index}"}
        | {"range": 20, "digital_analog": ANALOG, "description": f"D{index}"}
        for index in range(count)
    ]
    with django_assert_num_queries(14) as captured:
        rows.create(Point, values, by=ALL, role=Role.ENGINEER)
    assert len(captured) == 14


def test_what_the_panel_changes_by_itself_is_neither_pending_nor_recorded() -> None:
    point = make_point(make_panel(), address="input,1", state=SyncState.IN_SYNC)
    entries = AuditEntry.objects.count()
    Point.objects.filter(pk=point.pk).update(input_status=1, auto_manual=1)
    point.refresh_from_db()
    point.hoa_switch = 2
    point.save()
    assert AuditEntry.objects.count() == entries
    assert Point.live.isdisjoint(Point.wanted_fields())


def test_a_deleted_point_of_a_panel_is_an_empty_place() -> None:
    panel = make_panel()
    held = {"label": "ZN_T", "description": "Zone", "range": 3, "digital_analog": 1, "filter": 9}
    point = make_point(panel, address="input,1", held=held, **held, state=SyncState.IN_SYNC)
    rows.delete(Point, [point.pk], by=ALL, role=Role.ENGINEER)
    point.refresh_from_db()
    assert (point.label, point.description, point.address) == ("", "", "input,1")
    assert (point.range, point.digital_analog, point.filter) == (0, ANALOG, 5)
    assert (point.calibration, point.state) == (None, SyncState.PENDING)
    point.device = panel
    point.take_over({"label": "", "description": "", "range": 0, "filter": 5})
    assert point.state == SyncState.IN_SYNC


def test_what_is_not_said_of_a_panels_point_is_as_the_panel_has_it() -> None:
    panel = make_panel()
    point = create(panel, label="ZN_T", range=3, digital_analog=ANALOG)
    held = {"label": "ZN_T", "range": 3, "digital_analog": 1, "filter": 5, "calibration": -1.5}
    point.take_over(held)
    assert (point.state, point.filter, point.calibration) == (SyncState.IN_SYNC, 5, -1.5)
    point.save()
    assert update(point, filter=7).state == SyncState.PENDING
    assert update(point, filter=None).state == SyncState.IN_SYNC


@pytest.mark.parametrize("is_panel", [True, False])
def test_what_no_panel_holds_goes(is_panel: bool) -> None:
    point = make_point(make_panel() if is_panel else make_device(), held=None)
    rows.delete(Point, [point.pk], by=ALL, role=Role.ENGINEER)
    assert not Point.objects.exists()


@pytest.mark.parametrize("values", [{"low": 60.0}, {"high": -1.0}])
def test_a_low_above_the_high_is_told_at_the_one_that_was_given(values: dict[str, float]) -> None:
    point = create(make_device(), address="analog-input,1", low=0.0, high=50.0)
    with pytest.raises(BadRows) as caught:
        update(point, **values)
    assert [one.field for one in caught.value.problems] == [*values]


def test_a_point_of_another_modbus_device_is_of_its_tables_kind() -> None:
    device = make_panel(serial_number=None)
    assert "belongs to outputs" in wrong(device, address="output,1")["address"]
    assert create(device, kind="output", address="holding-register,1").kind == "output"
