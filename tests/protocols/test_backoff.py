from hypothesis import given
from hypothesis import strategies as st

from protocols.backoff import retry_delay


@given(st.integers(0, 10_000), st.floats(1, 86400))
def test_retry_delay_is_never_shorter_than_the_interval(failures: int, interval: float) -> None:
    assert retry_delay(failures, interval=interval, spread=0) >= interval


@given(st.integers(0, 10_000))
def test_retry_delay_is_bounded(failures: int) -> None:
    assert retry_delay(failures, interval=5, longest=60, spread=0) <= 60


def test_retry_delay_keeps_the_interval_for_a_lost_packet_then_grows() -> None:
    delays = [retry_delay(failures, interval=5, spread=0) for failures in range(1, 8)]
    assert delays == [5, 5, 10, 20, 40, 60, 60]


def test_retry_delay_spreads_devices_that_fell_together() -> None:
    assert len({retry_delay(3, interval=5) for _ in range(20)}) > 1
