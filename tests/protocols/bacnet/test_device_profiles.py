"""What is learnt of a device, and what is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from protocols.bacnet.profiles import Profiles
from protocols.types import Path, Profile

DEVICE = "10.0.0.5"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def profiles(clock: Clock) -> Profiles:
    return Profiles(clock)


def test_what_a_device_says_of_itself(profiles: Profiles) -> None:
    assert profiles.reply_octets(DEVICE) == 480
    profiles.tell(DEVICE, 1476, "segmented-both")
    profiles.tell_services(DEVICE, ("readProperty",))
    expected = Profile(1476, "segmented-both", ("readProperty",))
    assert profiles.of(DEVICE) == expected
    profiles.tell(DEVICE, 1)
    assert profiles.reply_octets(DEVICE) == 50  # no device takes less


def test_a_reply_that_was_too_long_is_halved(profiles: Profiles) -> None:
    profiles.tell(DEVICE, 1476)
    profiles.too_long(DEVICE, 1400)
    assert profiles.of(DEVICE).reply_limit == 700
    profiles.too_long(DEVICE, 690)
    assert profiles.of(DEVICE).reply_limit == 345
    profiles.tell(DEVICE, 1476)
    assert profiles.reply_octets(DEVICE) == 345  # what it says does not undo what it did
    for _ in range(9):
        profiles.too_long(DEVICE, 1400)
    assert profiles.reply_octets(DEVICE) == 50


def test_more_is_tried_again_a_day_later(profiles: Profiles, clock: Clock) -> None:
    profiles.tell(DEVICE, 1476)
    profiles.too_long(DEVICE, 800)
    profiles.lacks_rpm(DEVICE)
    profiles.answers_main_only(DEVICE)
    limited = profiles.of(DEVICE)
    assert (limited.has_rpm, limited.path, limited.limited_at) == (False, Path.MAIN, NOON)
    clock.now += timedelta(hours=23)
    profiles.relax(DEVICE)
    assert profiles.of(DEVICE) == limited
    clock.now += timedelta(hours=1)
    profiles.relax(DEVICE)
    again = profiles.of(DEVICE)
    assert (again.has_rpm, again.path, again.reply_limit) == (True, Path.POLLING, 800)
    assert again.limited_at == clock.now
    clock.now += timedelta(days=1)
    profiles.relax(DEVICE)
    assert profiles.of(DEVICE) == Profile(max_apdu=1476)
    clock.now += timedelta(days=1)
    profiles.relax(DEVICE)
    assert profiles.of(DEVICE) == Profile(max_apdu=1476)


def test_what_is_found_out_again_is_not_tried_before_another_day(
    profiles: Profiles, clock: Clock
) -> None:
    profiles.lacks_rpm(DEVICE)
    clock.now += timedelta(days=1)
    profiles.relax(DEVICE)
    profiles.lacks_rpm(DEVICE)
    clock.now += timedelta(hours=23)
    profiles.relax(DEVICE)
    assert not profiles.of(DEVICE).has_rpm


def test_nothing_is_learnt_of_a_pinned_device(profiles: Profiles, clock: Clock) -> None:
    pinned = Profile(max_apdu=206, has_rpm=False, limited_at=NOON, pinned=True)
    profiles.recall(DEVICE, pinned)
    clock.now += timedelta(days=3)
    profiles.relax(DEVICE)
    profiles.tell(DEVICE, 1476)
    profiles.too_long(DEVICE, 200)
    profiles.answers_main_only(DEVICE)
    assert profiles.of(DEVICE) == pinned


def test_what_was_stored_is_taken_up_once(profiles: Profiles) -> None:
    stored = Profile(max_apdu=1476, reply_limit=700)
    profiles.recall(DEVICE, stored)
    profiles.too_long(DEVICE, 690)
    profiles.recall(DEVICE, stored)  # a poll that was planned before this was stored
    assert profiles.of(DEVICE).reply_limit == 345
    unpinned = replace(stored, window=4)
    profiles.recall(DEVICE, unpinned)
    assert profiles.of(DEVICE) == unpinned
