"""What a device told of itself, as JSON and back: kept until somebody has decided whether to take
it over. Texts are cleaned on the way, as PostgreSQL would refuse some."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from protocols.texts import clean
from protocols.types import (
    DeviceInfo,
    Endpoint,
    FoundDevice,
    ObjectInfo,
    PanelInfo,
    Path,
    PointAddress,
    PointInfo,
    PointKind,
    Profile,
)

Json = dict[str, Any]


def to_json(found: FoundDevice) -> Json:
    told: Json = _plain(asdict(found))
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, PointAddress):
        return str(value)
    if isinstance(value, str):  # enumerations of words are texts, too
        return clean(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def from_json(told: Mapping[str, Any]) -> FoundDevice:
    """The opposite of `to_json`."""
    profile = told["profile"]
    return FoundDevice(
        info=_info(told["info"]),
        points=tuple(_point(one) for one in told["points"]),
        problem=told["problem"],
        objects=tuple(
            ObjectInfo(**{**one, "address": PointAddress.parse(one["address"])})
            for one in told["objects"]
        ),
        profile=None if profile is None else _profile(profile),
    )


def _info(told: Mapping[str, Any]) -> DeviceInfo:
    panel = told["panel"]
    return DeviceInfo(
        **{
            **told,
            "endpoint": Endpoint(**told["endpoint"]),
            "panel": None if panel is None else PanelInfo(**panel),
        }
    )


def _point(told: Mapping[str, Any]) -> PointInfo:
    return PointInfo(
        **{
            **told,
            "address": PointAddress.parse(told["address"]),
            "kind": PointKind(told["kind"]),
            "states": tuple(told["states"]),
        }
    )


def _profile(told: Mapping[str, Any]) -> Profile:
    limited_at = told["limited_at"]
    return Profile(
        **{
            **told,
            "services": tuple(told["services"]),
            "path": Path(told["path"]),
            "limited_at": limited_at and datetime.fromisoformat(limited_at),
        }
    )
