import pytest

from protocols.types import PointAddress, PointInfo, PointKind
from t3000.domain import points
from t3000.models import Point
from tests.factories import make_device, make_point

pytestmark = pytest.mark.django_db


def info(object_type: str, number: int, kind: PointKind, **texts: object) -> PointInfo:
    return PointInfo(
        PointAddress(object_type, number), kind, **{"name": f"{object_type}{number}", **texts}
    )


def test_register_numbers_points_within_their_kind() -> None:
    device = make_device()
    points.register(
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
    points.register(device, [info("input", 3, PointKind.INPUT, index=2)])
    points.register(
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
    points.register(device, [info("analog-input", 5, PointKind.INPUT)])
    points.register(
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
    points.register(device, [info("analog-input", 1, PointKind.INPUT, **texts, states=states)])
    point = Point.objects.get(device=device)
    assert (point.label, point.description, point.units) == ("OAT", "Outside air", "°C")
    assert point.states == ["Off", "On"]


def test_whether_it_has_priorities_is_taken_over() -> None:
    device = make_device()
    points.register(device, [info("output", 1, PointKind.OUTPUT)])
    assert Point.objects.get(device=device).has_priorities
    points.register(device, [info("output", 1, PointKind.OUTPUT, has_priorities=False)])
    assert not Point.objects.get(device=device).has_priorities


def test_a_label_of_nothing_printable_is_the_address() -> None:
    device = make_device()
    points.register(device, [info("analog-input", 1, PointKind.INPUT, name="\0\n ")])
    assert Point.objects.get(device=device).label == "analog-input,1"


def test_a_point_no_longer_described_stays() -> None:
    device = make_device()
    points.register(device, [info("analog-input", 1, PointKind.INPUT)])
    points.register(device, [])
    assert Point.objects.filter(device=device).count() == 1


@pytest.mark.parametrize("count", [1, 30])
def test_register_makes_as_many_queries_for_one_point_as_for_many(
    count: int, django_assert_num_queries: object
) -> None:
    device = make_device()
    described = [info("analog-input", number, PointKind.INPUT) for number in range(count)]
    with django_assert_num_queries(5):  # savepoint, known, highest, insert, release
        points.register(device, described)


def test_addresses_lists_what_to_read_of_each_device() -> None:
    point = make_point()
    empty = make_device()
    assert points.addresses([point.device_id, empty.pk]) == {
        point.device_id: [PointAddress("analog-input", 1)],
        empty.pk: [],
    }
