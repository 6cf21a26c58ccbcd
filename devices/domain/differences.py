"""How what a device tells of itself differs from what is known of it: of the device and of the
objects that it lists. Its points are t3000's."""

import copy
from collections import Counter
from collections.abc import Iterable, Mapping
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


def in_words(told: Iterable[Mapping[str, Any]]) -> str:
    """Differences as they are stored, in short: "firmware 1.0, now 2.0; points: 3 more"."""
    facts: list[str] = []
    counts: dict[str, Counter[str]] = {"point": Counter(), "object": Counter()}
    for one in told:
        if one["subject"] == "device":
            was, now = (_or_nothing(one[name]) for name in ("was", "now"))
            facts.append(f"{one['field'].replace('_', ' ')} {was}, now {now}")
        elif one["field"]:
            counts[one["subject"]]["otherwise"] += 1
        else:
            counts[one["subject"]]["more" if one["was"] is None else "less"] += 1
    for subject, found in counts.items():
        parts = [f"{found[word]} {word}" for word in ("more", "less", "otherwise") if found[word]]
        if parts:
            facts.append(f"{subject}s: {', '.join(parts)}")
    return "; ".join(facts)


def _or_nothing(value: Any) -> Any:
    return "nothing" if value in (None, "") else value


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
