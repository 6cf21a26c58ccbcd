"""Turns points into requests. Pure: no I/O, no clock."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Requests(Generic[Item]):
    """Cuts items, in order, into requests; what is not `done` comes again, in a smaller cut.

    requests = Requests(points)
    while requests:
        batch = requests.next(most=20)
        requests.done()  # or halve(), or next with another `most`
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._start = 0
        self._asked = 0
        self._most = len(items)

    def __bool__(self) -> bool:
        return self._start < len(self._items)

    def next(self, most: int) -> Sequence[Item]:
        """The items of the next request: at most `most`, at least one."""
        size = max(1, min(most, self._most))
        batch = self._items[self._start : self._start + size]
        self._asked = len(batch)
        return batch

    def done(self) -> None:
        """The last request was answered: on to the next items."""
        self._start += self._asked
        self._asked = 0

    def halve(self) -> None:
        """Cuts to half of the last request from now on."""
        self._most = max(1, self._asked // 2)


def blocks(spans: Iterable[range], *, most: int, bridge: int = 0) -> list[range]:
    """The fewest contiguous ranges, none longer than `most`, that cover all spans.

    A span (the registers of one value, say) is never cut, so it must not be longer than `most`;
    spans may touch, repeat and overlap as long as their ranges still fit. Up to `bridge` numbers
    that nobody asked for are taken along where that saves a request.
    """
    planned: list[range] = []
    for span in sorted(set(spans), key=lambda span: (span.start, span.stop)):
        if not 0 < len(span) <= most:
            raise ValueError(f"a span of {len(span)} does not fit into a request of 1 to {most}")
        last = planned[-1] if planned else None
        if (
            last is not None
            and span.start - last.stop <= bridge
            and max(last.stop, span.stop) - last.start <= most
        ):
            planned[-1] = range(last.start, max(last.stop, span.stop))
        else:
            planned.append(span)
    return planned
