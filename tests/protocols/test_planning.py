import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.planning import Requests, blocks

ANSWERS = st.lists(st.sampled_from(["done", "halve", "again"]), max_size=200)


@given(st.lists(st.integers(), max_size=50), ANSWERS, st.integers(-1, 60))
def test_every_point_is_asked_for_once_and_in_order_whatever_fails(
    points: list[int], answers: list[str], most: int
) -> None:
    requests = Requests(points)
    answered: list[int] = []
    trouble = iter(answers)
    while requests:
        batch = requests.next(most)
        assert 0 < len(batch) <= max(1, most)
        answer = next(trouble, "done")
        if answer == "done":
            answered += batch
            requests.done()
        elif answer == "halve":
            requests.halve()
            assert len(requests.next(most)) == max(1, len(batch) // 2)
    assert answered == points


def test_a_smaller_limit_cuts_what_was_not_answered_anew() -> None:
    requests = Requests("abcdef")
    assert requests.next(4) == "abcd"
    assert requests.next(2) == "ab"
    requests.done()
    assert requests.next(2) == "cd"


SPANS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 5)), max_size=60).map(
    lambda pairs: [range(start, start + length) for start, length in pairs]
)


@given(SPANS, st.integers(5, 100), st.integers(0, 80))
def test_every_register_is_covered_once_and_no_request_is_too_long(
    spans: list[range], most: int, bridge: int
) -> None:
    # Whole registers: spans that overlap each other by parts are another matter, see below.
    spans = [span for span in spans if span.start % 5 == 0]
    planned = blocks(spans, most=most, bridge=bridge)
    covered = [register for block in planned for register in block]
    assert len(covered) == len(set(covered))
    wanted = {register for span in spans for register in span}
    assert wanted <= set(covered)
    assert all(len(block) <= most for block in planned)
    assert all(block.start in wanted and block.stop - 1 in wanted for block in planned)
    for span in spans:  # none is cut
        assert any(span.start >= block.start and span.stop <= block.stop for block in planned)


@given(SPANS, st.integers(5, 100))
def test_without_a_bridge_nothing_is_read_that_nobody_asked_for(
    spans: list[range], most: int
) -> None:
    wanted = {register for span in spans for register in span}
    planned = blocks(spans, most=most)
    assert {register for block in planned for register in block} == wanted


def test_blocks_bridge_gaps_that_are_worth_it() -> None:
    spans = [range(2), range(2, 4), range(10, 12), range(100, 102)]
    assert blocks(spans, most=100) == [range(4), range(10, 12), range(100, 102)]
    assert blocks(spans, most=100, bridge=6) == [range(12), range(100, 102)]
    assert blocks(spans, most=102, bridge=100) == [range(102)]


def test_a_span_that_fits_into_no_request_is_a_bug() -> None:
    with pytest.raises(ValueError, match="a span of 3 does not fit into a request of 1 to 2"):
        blocks([range(3)], most=2)
