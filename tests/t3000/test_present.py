"""Present values: judged in plain rows, for one point and by the database alike."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.enums import LinkState
from protocols.types import Quality
from t3000.domain import present, queries
from t3000.models import Point
from tests.factories import NOW, make_command, make_device, make_network, make_point, make_value

pytestmark = pytest.mark.django_db
MEMBERS = ("id", *present.PRESENT)

seconds = st.integers(-100, 5) | st.sampled_from([-31, -30, -29, -3, -2, -6])
links = st.fixed_dictionaries(
    {
        "state": st.sampled_from(LinkState),
        "last_seen_at": st.none() | seconds.map(lambda one: NOW + timedelta(seconds=one)),
    }
)
values = st.none() | st.fixed_dictionaries(
    {
        "value": st.none() | st.floats(-1e6, 1e6),
        "quality": st.sampled_from(Quality),
        "time": seconds.map(lambda one: NOW + timedelta(seconds=one)),
    }
)


@given(
    interval=st.sampled_from([1.0, 2.0, 10.0]),
    link=links,
    value=values,
    commandable=st.booleans(),
    commanded=st.booleans(),
)
@settings(suppress_health_check=list(HealthCheck), max_examples=60)
def test_rows_pages_and_database_judge_alike(
    interval: float, link: Any, value: Any, commandable: bool, commanded: bool
) -> None:
    device = make_device(network=make_network(poll_interval=interval), link=link)
    point = make_point(device, commandable=commandable)
    if value is not None:
        make_value(point, **value)
    if commanded:
        make_command(device, point=point.address)
    points = Point.objects.filter(pk=point.pk)
    (row,) = present.present_rows(points, NOW, MEMBERS)
    shown = queries.live_value(queries.with_values(points).get(), NOW)
    assert (shown.value, shown.text) == (row["value"], row["text"])
    assert Quality(shown.quality).name.lower() == row["quality"]
    for quality in Quality:
        word = quality.name.lower()
        assert present.of_quality(points, word, NOW).exists() is (row["quality"] == word)
    is_manual = row["auto_manual"] == "manual"
    assert present.in_hand(points, True, NOW).exists() is is_manual
    assert present.in_hand(points, False, NOW).exists() is not is_manual
    assert present.judged(points, NOW).get().true_until == row["updated_at"]


def test_the_members_come_in_the_order_asked_for() -> None:
    make_value(make_point(label="ZN-T"))
    names = ("quality", "label", "value", "device", "address")
    (row,) = present.present_rows(Point.objects.all(), NOW, names)
    assert list(row) == list(names)
    assert (row["quality"], row["label"], row["value"]) == ("good", "ZN-T", 21.5)
    assert present.present_rows(Point.objects.all(), NOW, ("text",)) == [{"text": "21.5"}]


def test_a_device_without_a_link_was_never_heard() -> None:
    point = make_point()
    make_value(point)
    point.device.link.delete()
    (row,) = present.present_rows(Point.objects.all(), NOW, MEMBERS)
    assert (row["quality"], row["auto_manual"]) == ("stale", None)


@pytest.mark.parametrize("count", [1, 30])
def test_rows_cost_three_queries(count: int, django_assert_num_queries: Any) -> None:
    for _ in range(count):
        make_value(make_point())
    with django_assert_num_queries(3):
        assert len(present.present_rows(Point.objects.all(), NOW, MEMBERS)) == count


def later(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


def test_a_value_is_fresh_for_three_intervals_to_the_microsecond() -> None:
    make_value(make_point())
    for second, word in ((30, "good"), (30.000001, "stale")):
        (row,) = present.present_rows(Point.objects.all(), later(second), MEMBERS)
        assert row["quality"] == word
        assert present.of_quality(Point.objects.all(), word, later(second)).count() == 1
