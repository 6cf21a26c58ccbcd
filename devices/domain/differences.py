"""How what a device tells of itself differs from what is known of it: of the device and of the
objects that it lists. Its points are t3000's."""

import copy
from dataclasses import asdict, dataclass
from typing import Any

from devices.domain.discovery import TOLD_NUMBERS, describe
from devices.models import Device
from protocols.types import DeviceInfo

FACTS = (
    *("vendor_id", "vendor_name", "model_name", "firmware", "location", "serial_number"),
    *("product_id", "board_id"),
    *TOLD_NUMBERS,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise. `subject` is device, point or object; `address` which point or
    object; `field` what of it, "" for its being there at all. None: there was, or is, none."""

    subject: str
    address: str
    field: str
    was: Any
    now: Any

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def of_device(device: Device, info: DeviceInfo) -> list[Difference]:
    """What it says of itself otherwise than is known."""
    told = copy.copy(device)
    describe(told, info)
    return [
        Difference("device", "", name.removesuffix("_id"), _word(device, name), _word(told, name))
        for name in FACTS
        if getattr(device, name) != getattr(told, name)
    ]


def _word(device: Device, name: str) -> Any:
    """Of a product or a board its name."""
    if name not in ("product_id", "board_id"):
        return getattr(device, name)
    row = getattr(device, name.removesuffix("_id"))
    return None if row is None else str(row)
