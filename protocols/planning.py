"""Turns points into requests. Pure: no I/O, no clock."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def batches(points: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cuts the points, in order, into requests of at most `size`. Every point exactly once."""
    if size < 1:
        raise ValueError(f"a request holds at least 1 point, not {size}")
    for start in range(0, len(points), size):
        yield points[start : start + size]
