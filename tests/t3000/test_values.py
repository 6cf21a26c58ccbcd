from datetime import datetime, timedelta

import pytest

from devices.domain.link import PollResult
from devices.models import Device
from protocols.types import PointAddress, Quality, Reading
from t3000.domain import values
from t3000.models import Point, PointValue
from tests.factories import NOW, make_device, make_point, make_value

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(seconds=10)


def read(
    point: Point,
    value: float | None,
    quality: Quality = Quality.GOOD,
    *,
    time: datetime = LATER,
) -> PollResult:
    reading = Reading(PointAddress.parse(point.address), value, quality, time)
    return PollResult(point.device_id, LATER, 0.1, [reading])


def test_a_first_reading_is_stored_and_told() -> None:
    point = make_point(units="°C")
    (change,) = values.apply([read(point, 21.84)])
    assert change == (point.pk, 21.84, "21.8", 0, round(LATER.timestamp() * 1000))
    row = PointValue.objects.get(point=point)
    assert (row.value, row.quality, row.time) == (21.84, Quality.GOOD, LATER)


def test_what_did_not_change_is_neither_stored_nor_told(django_assert_num_queries: object) -> None:
    point = make_point()
    make_value(point, 21.5)
    with django_assert_num_queries(1):
        assert values.apply([read(point, 21.5)]) == []
    assert PointValue.objects.get(point=point).time == NOW


def test_everything_of_a_revived_device_is_told_but_not_stored(
    django_assert_num_queries: object,
) -> None:
    point = make_point()
    make_value(point, 21.5)
    with django_assert_num_queries(1):
        (change,) = values.apply([read(point, 21.5)], {point.device_id})
    assert (change.value, change.time) == (21.5, round(NOW.timestamp() * 1000))


def test_a_change_of_quality_alone_is_a_change() -> None:
    point = make_point()
    make_value(point, 21.5)
    (change,) = values.apply([read(point, 21.5, Quality.OVERRIDDEN)])
    assert change.quality == Quality.OVERRIDDEN


def test_a_reading_without_value_keeps_the_last_one_and_says_that_it_is_not_usable() -> None:
    point = make_point()
    make_value(point, 21.5)
    (change,) = values.apply([read(point, None, Quality.CONFIG)])
    assert (change.value, change.quality) == (21.5, Quality.CONFIG)
    assert not Quality(PointValue.objects.get(point=point).quality).usable


def test_a_point_deleted_meanwhile_is_passed_over() -> None:
    point = make_point()
    result = read(point, 1.0)
    point.delete()
    assert values.apply([result]) == []


def test_states_are_told_as_words() -> None:
    point = make_point(address="binary-input,1", states=["Stopped", "Running"])
    (change,) = values.apply([read(point, 1.0)])
    assert change.text == "Running"


def test_mark_stale_keeps_the_value_and_when_it_was_last_read() -> None:
    device = make_device(link={"last_seen_at": LATER})
    point = make_point(device)
    make_value(point, 21.5)
    other = make_value(make_point(), 1.0)
    (change,) = values.mark_stale([device.link])
    assert (change.value, change.quality) == (21.5, Quality.STALE)
    row = PointValue.objects.get(point=point)
    assert (row.value, row.quality, row.time) == (21.5, Quality.STALE, LATER)
    other.refresh_from_db()
    assert other.quality == Quality.GOOD
    assert values.mark_stale([device.link]) == []


def test_mark_stale_without_any_value_is_no_answer() -> None:
    device = make_device()
    make_value(make_point(device), None, quality=Quality.CONFIG)
    (change,) = values.mark_stale([device.link])
    assert (change.text, change.quality) == ("no value", Quality.COMM)


def test_the_return_is_told_even_if_the_value_is_the_same() -> None:
    device = make_device()
    point = make_point(device)
    make_value(point, 21.5)
    values.mark_stale([device.link])
    (change,) = values.apply([read(point, 21.5)])
    assert change.quality == Quality.GOOD


@pytest.mark.parametrize("count", [1, 30])
def test_apply_makes_as_many_queries_for_one_device_as_for_many(
    count: int, django_assert_num_queries: object
) -> None:
    results = [read(make_point(), 1.0) for _ in range(count)]
    with django_assert_num_queries(2):  # what is known, one upsert
        assert len(values.apply(results)) == count


@pytest.mark.parametrize("count", [1, 30])
def test_mark_stale_makes_as_many_queries_for_one_device_as_for_many(
    count: int, django_assert_num_queries: object
) -> None:
    devices: list[Device] = []
    for _ in range(count):
        device = make_device()
        make_value(make_point(device), 1.0)
        devices.append(device)
    with django_assert_num_queries(2):
        assert len(values.mark_stale([device.link for device in devices])) == count


def test_a_poll_from_before_a_read_back_does_not_bring_the_old_value_back() -> None:
    point = make_point()
    make_value(point, 55.0, time=NOW)
    read_back = {(point.device_id, PointAddress.parse(point.address)): NOW}
    before, after = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
    assert values.apply([read(point, 20.0, time=before)], read_back=read_back) == []
    assert PointValue.objects.get(point=point).value == 55.0
    values.apply([read(point, 30.0, time=after)], read_back=read_back)
    assert PointValue.objects.get(point=point).value == 30.0


def test_a_clock_that_was_put_back_does_not_freeze_values() -> None:
    point = make_point()
    make_value(point, 55.0, time=NOW)
    values.apply([read(point, 20.0, time=NOW - timedelta(minutes=1))])
    assert PointValue.objects.get(point=point).value == 20.0
