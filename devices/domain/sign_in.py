"""How often somebody may try a password, and the log of those who were not let in.

Tries are counted in the cache, which all web processes share where there is a Redis. While it is
away everybody may try: a building must stay operable.
"""

import logging
import math
import time
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import RedisError

from devices.domain import audit
from devices.enums import Action
from devices.models.acting import current
from protocols.texts import clean

log = logging.getLogger(__name__)

WINDOW = 15 * 60  # seconds, from the first try
TRIES = 5  # of one name from one address
TRIES_OF_ADDRESS = 30  # of all names together
TOKEN_QUIET = 60  # seconds between two lines about refused tokens from one address

_refused_tokens = LocMemCache("refused tokens", {})
_is_failing = False


def begin_try(username: str, address: str) -> int:
    """Counts a try before its password is looked at: many at once are not more than one after the
    other. Returns the seconds until the next one is allowed; 0: this one is."""
    global _is_failing  # noqa: PLW0603  one line of log for an outage, not one for each try
    try:
        wait = _count(_own(username, address), TRIES, address)
        wait = wait or _count(_shared(address), TRIES_OF_ADDRESS, address)
    except (RedisError, OSError) as error:
        if not _is_failing:
            log.error("tries to sign in are not counted: %s", error)
        _is_failing = True
        return 0
    if _is_failing:
        log.warning("tries to sign in are counted again")
    _is_failing = False
    return wait


def fail(username: str, address: str) -> None:
    name = clean(username[:80])
    by = current()
    by = by if by.user else replace(by, called=name)
    audit.note(Action.REFUSE, "user", by.user.pk if by.user else 0, name, {}, by=by)
    # In quotes: a name may read like a sentence.
    log.warning("%r could not sign in from %s", name, address or "nowhere")


def succeed(username: str, address: str) -> None:
    """Forgets the tries of the name, and of the address this one: else one account of their own
    would let somebody guess at all others."""
    own = _own(username, address)
    with suppress(RedisError, OSError, ValueError):  # a window that has just ended
        cache.delete_many([own, f"{own}:ends"])
        cache.decr(_shared(address))


def refuse_token(address: str) -> None:
    if _refused_tokens.add(sha256(address.encode()).hexdigest(), True, TOKEN_QUIET):
        log.warning("a wrong API token came from %s", address or "nowhere")


def _count(key: str, most: int, address: str) -> int:
    """Seconds until the window ends, if this is one too many; else 0."""
    cache.add(key, 0, WINDOW)
    cache.add(f"{key}:ends", time.time() + WINDOW, WINDOW)
    try:
        tries = cache.incr(key)
    except ValueError:  # the window has just ended
        return 0
    if tries <= most:
        return 0
    ends: float = cache.get(f"{key}:ends", 0.0)
    wait = max(1, math.ceil(ends - time.time()))
    if tries == most + 1:
        log.warning("too many tries to sign in from %s: it has to wait %d s", address, wait)
    return wait


def _own(username: str, address: str) -> str:
    """A key of the cache, whatever the name is made of."""
    return f"sign-in:{sha256(f'{_network(address)} {username}'.encode()).hexdigest()}"


def _shared(address: str) -> str:
    return f"sign-in:{sha256(_network(address).encode()).hexdigest()}"


def _network(address: str) -> str:
    """Who has one address of IPv6 has the 2^64 beside it."""
    with suppress(ValueError):
        if isinstance(ip_address(address), IPv6Address):
            return str(ip_network(f"{address}/64", strict=False))
    return address
