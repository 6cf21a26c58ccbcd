import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.planning import batches


@given(st.lists(st.integers()), st.integers(1, 100))
def test_batches_cover_every_point_once_and_in_order(points: list[int], size: int) -> None:
    cut = list(batches(points, size))
    assert [point for batch in cut for point in batch] == points
    assert all(0 < len(batch) <= size for batch in cut)


def test_batches_refuses_an_empty_request() -> None:
    with pytest.raises(ValueError, match="at least 1 point"):
        list(batches([1], 0))
