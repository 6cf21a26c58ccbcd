from datetime import timedelta

import pytest

from devices.enums import LinkState
from protocols.types import Quality
from t3000.domain import queries
from t3000.models import Point
from tests.factories import NOW, make_device, make_point, make_value

pytestmark = pytest.mark.django_db


def shown(point: Point, seconds: int = 0) -> tuple[str, Quality]:
    found = queries.with_values(Point.objects.filter(pk=point.pk)).get()
    live = queries.live_value(found, NOW + timedelta(seconds=seconds))
    return live.text, Quality(live.quality)


def test_a_value_just_read_is_fresh() -> None:
    point = make_point()
    make_value(point, 21.5)
    assert shown(point) == ("21.5", Quality.GOOD)


def test_an_old_value_never_looks_fresh_though_the_row_says_so() -> None:
    """The poller that should have marked it is gone."""
    point = make_point()
    make_value(point, 21.5)
    assert shown(point, 30) == ("21.5", Quality.GOOD)
    assert shown(point, 31) == ("21.5", Quality.STALE)


@pytest.mark.parametrize("state", [LinkState.OFFLINE, LinkState.UNKNOWN])
def test_a_device_that_is_not_online_has_no_fresh_values(state: LinkState) -> None:
    point = make_point(make_device(link={"state": state}))
    make_value(point, 21.5)
    assert shown(point) == ("21.5", Quality.STALE)


def test_a_fault_stays_a_fault_however_old() -> None:
    point = make_point()
    make_value(point, 21.5, quality=Quality.FAULT)
    assert shown(point, 3600) == ("21.5", Quality.FAULT)


def test_a_point_never_read_has_no_value() -> None:
    assert shown(make_point()) == ("no value", Quality.COMM)


@pytest.mark.parametrize("count", [1, 30])
def test_snapshot_makes_three_queries(count: int, django_assert_num_queries: object) -> None:
    points = [make_point() for _ in range(count)]
    point_ids = [point.pk for point in points]
    device_ids = [point.device_id for point in points]
    with django_assert_num_queries(3):
        found, statuses, _commands = queries.snapshot([*point_ids, 999_999], device_ids, NOW)
    assert (len(found), len(statuses)) == (count, count)


def test_what_never_had_a_value_has_no_time() -> None:
    device = make_device(link={"state": LinkState.OFFLINE, "last_seen_at": None})
    never, failed, read = (make_point(device) for _ in range(3))
    make_value(failed, None, quality=Quality.COMM)
    make_value(read, 21.5)
    ids = [never.pk, failed.pk, read.pk]
    points, _, _ = queries.snapshot(ids, [], NOW)
    times = {one.point_id: one.time for one in points}
    assert times == dict(zip(ids, (None, None, queries.milliseconds(NOW)), strict=True))
