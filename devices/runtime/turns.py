"""Whose turn it is at a point. Lives in the field's loop."""

import asyncio
from collections.abc import Iterable

from protocols.types import PointAddress

Place = tuple[int, PointAddress]  # a device's id, and its point


class Turn:
    """`async with` waits for all that were queued before at any of its places."""

    def __init__(self, last: dict[Place, "asyncio.Future[None]"], places: Iterable[Place]) -> None:
        self._last = last
        self._places = list(places)
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._before = {last[place] for place in self._places if place in last}
        last.update(dict.fromkeys(self._places, self._over))

    async def __aenter__(self) -> None:
        if not self._before:
            return
        try:
            await asyncio.wait(self._before)
        except asyncio.CancelledError:  # those behind it still wait for those before it
            asyncio.gather(*self._before).add_done_callback(lambda _: self._leave())
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._over.set_result(None)
        for place in self._places:
            if self._last.get(place) is self._over:
                del self._last[place]


class Turns:
    """In the order in which they are queued, at several places at once where that is asked for:
    nobody waits for one who waits for him."""

    def __init__(self) -> None:
        self._last: dict[Place, asyncio.Future[None]] = {}

    def is_free(self, place: Place) -> bool:
        return place not in self._last

    def queue(self, *places: Place) -> Turn:
        """Its place in the queue is taken at once. It must be entered."""
        return Turn(self._last, places)
