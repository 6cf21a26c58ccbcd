"""What is known of each device of one network: what it takes. Lives in the driver; who stores it
asks for it (`Learns`)."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from protocols.types import Path, Profile

log = logging.getLogger(__name__)

SHORTEST = 50  # octets that every device can send (135-2020 clause 20.1.2.5)
AGAIN = timedelta(days=1)
UNKNOWN = Profile()


def now_utc() -> datetime:
    return datetime.now(UTC)


class Profiles:
    """By address. Nothing is learnt of a device whose profile is pinned."""

    def __init__(self, now: Callable[[], datetime] = now_utc) -> None:
        self._now = now
        self._known: dict[str, Profile] = {}
        self._recalled: dict[str, Profile] = {}
        self.alive: set[str] = set()  # who has answered a request so far, from whichever port

    def of(self, address: str) -> Profile:
        return self._known.get(address, UNKNOWN)

    def recall(self, address: str, profile: Profile) -> None:
        """What was stored; the same again does not undo what was learnt since."""
        if self._recalled.get(address) != profile:
            self._recalled[address] = self._known[address] = profile

    def tell(self, address: str, max_apdu: int, segmentation: str = "") -> None:
        """What a device says of itself in its I-Am. A shorter reply that it was found to be able to
        send stays."""
        was = self.of(address)
        max_apdu = max(SHORTEST, max_apdu)
        is_limited = was.reply_limit is not None and was.reply_limit < max_apdu
        limit = was.reply_limit if is_limited else None
        told = segmentation or was.segmentation
        self._learn(address, replace(was, max_apdu=max_apdu, segmentation=told, reply_limit=limit))

    def tell_services(self, address: str, services: tuple[str, ...]) -> None:
        """What a device says that it understands."""
        was = self.of(address)
        self._learn(address, replace(was, services=services))

    def reply_octets(self, address: str) -> int:
        """How long a reply of the device may be."""
        profile = self.of(address)
        return profile.reply_limit or profile.max_apdu

    def too_long(self, address: str, octets: int) -> None:
        """A reply of about so many octets is too long for it."""
        limit = max(SHORTEST, min(octets, self.reply_octets(address)) // 2)
        self._limit(address, f"replies of {limit} octets at most", reply_limit=limit)

    def lacks_rpm(self, address: str) -> None:
        self._limit(address, "no ReadPropertyMultiple, read one by one", has_rpm=False)

    def answers_main_only(self, address: str) -> None:
        self._limit(address, "answers no other port than the network's own", path=Path.MAIN)

    def relax(self, address: str) -> None:
        """Once a day more is asked again of who was limited: what was in the way may be gone."""
        was = self.of(address)
        if was.pinned or was.limited_at is None or self._now() - was.limited_at < AGAIN:
            return
        limit = None if was.reply_limit is None else 2 * was.reply_limit
        if limit is not None and limit >= was.max_apdu:
            limit = None
        is_limited = limit is not None
        again = replace(
            was,
            has_rpm=True,
            path=Path.POLLING,
            reply_limit=limit,
            limited_at=self._now() if is_limited else None,
        )
        self._learn(address, again)

    def _limit(self, address: str, told: str, **changes: object) -> None:
        was = self.of(address)
        changed = replace(was, limited_at=self._now(), **changes)  # type: ignore[arg-type]
        if not was.pinned and replace(changed, limited_at=was.limited_at) != was:
            log.info("%s: %s", address, told)
            self._learn(address, changed)

    def _learn(self, address: str, profile: Profile) -> None:
        if not self.of(address).pinned and profile != self.of(address):
            self._known[address] = profile
