"""Searching for devices in tests."""

from protocols.driver import Discovers, require
from protocols.scanning import EVERYBODY, Search
from protocols.types import FoundDevice


async def devices_found(driver: object, search: Search = EVERYBODY) -> list[FoundDevice]:
    """What a search finds, without the steps that it tells."""
    told = require(driver, Discovers).discover(search)  # type: ignore[type-abstract]
    return [one async for one in told if isinstance(one, FoundDevice)]
