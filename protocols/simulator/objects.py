"""The BACnet objects that stand for points, and their properties.

bacpypes3 accepts any write to anything; these classes refuse what a real controller refuses.
"""

from typing import Any

from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.errors import PropertyError
from bacpypes3.local.analog import (
    AnalogInputObject,
    AnalogOutputObject,
    AnalogValueObjectCmd,
)
from bacpypes3.local.binary import BinaryInputObject, BinaryOutputObject
from bacpypes3.local.cmd import Commandable
from bacpypes3.local.cov import GenericCriteria
from bacpypes3.local.multistate import MultiStateInputObject
from bacpypes3.local.object import Object as LocalObject
from bacpypes3.object import BinaryValueObject, MultiStateValueObject

from protocols.simulator.spec import ObjectType, Point

# bacpypes3 files object classes by vendor and looks for this name in their module. 999 is the one
# for which it allows a second class of the same type.
_vendor_id = 999


class Refusing:
    """Does not let some of its properties be read."""

    _refused: tuple[str, ...] = ()

    async def read_property(self, attr: Any, index: int | None = None) -> Any:
        if self._refused and str(PropertyIdentifier(attr)) in self._refused:
            raise PropertyError("readAccessDenied")
        return await super().read_property(attr, index)  # type: ignore[misc]


class Sensed(Refusing):
    """An input: its present value is written only while it is out of service."""

    async def write_property(
        self, attr: Any, value: Any, index: int | None = None, priority: int | None = None
    ) -> None:
        if _names_present_value(self, attr) and not self.outOfService:  # type: ignore[attr-defined]
            raise PropertyError("writeAccessDenied")
        await super().write_property(attr, value, index, priority)  # type: ignore[misc]


class Limited(Refusing):
    """An output or variable: values outside its range are refused."""

    _limits: tuple[float, float] | None = None

    async def write_property(
        self, attr: Any, value: Any, index: int | None = None, priority: int | None = None
    ) -> None:
        relinquishes = value is None or type(value).__name__ == "Null"
        if _names_present_value(self, attr) and self._limits and not relinquishes:
            low, high = self._limits
            if not low <= float(value) <= high:
                raise PropertyError("valueOutOfRange")
        await super().write_property(attr, value, index, priority)  # type: ignore[misc]


def _names_present_value(target: Any, attr: Any) -> bool:
    if isinstance(attr, int):
        attr = target._property_identifier_class(attr).attr
    return bool(attr == "presentValue")


# bacpypes3 ships no types, hence `misc`: its classes are Any.


class AnalogInput(Sensed, AnalogInputObject):  # type: ignore[misc]
    pass


class BinaryInput(Sensed, BinaryInputObject):  # type: ignore[misc]
    pass


class MultiStateInput(Sensed, MultiStateInputObject):  # type: ignore[misc]
    # bacpypes3 reports its changes by increment, a property that multi-state objects lack.
    _cov_criteria = GenericCriteria


class AnalogOutput(Limited, AnalogOutputObject):  # type: ignore[misc]
    pass


class BinaryOutput(Limited, BinaryOutputObject):  # type: ignore[misc]
    pass


class AnalogValue(Limited, AnalogValueObjectCmd):  # type: ignore[misc]
    pass


# bacpypes3's own BinaryValueObjectCmd leaves the local object out of its bases, and with it the
# computed status flags; a commandable multi-state value it does not have at all.


class BinaryValue(Limited, Commandable, LocalObject, BinaryValueObject):  # type: ignore[misc]
    _cov_criteria = GenericCriteria
    _required = ("priorityArray",)


class MultiStateValue(Limited, Commandable, LocalObject, MultiStateValueObject):  # type: ignore[misc]
    _cov_criteria = GenericCriteria
    _required = ("priorityArray",)


CLASSES: dict[ObjectType, type[Any]] = {
    ObjectType.ANALOG_INPUT: AnalogInput,
    ObjectType.ANALOG_OUTPUT: AnalogOutput,
    ObjectType.ANALOG_VALUE: AnalogValue,
    ObjectType.BINARY_INPUT: BinaryInput,
    ObjectType.BINARY_OUTPUT: BinaryOutput,
    ObjectType.BINARY_VALUE: BinaryValue,
    ObjectType.MULTI_STATE_INPUT: MultiStateInput,
    ObjectType.MULTI_STATE_VALUE: MultiStateValue,
}


def present_value(point: Point, value: float) -> float | int:
    """The number as the object holds it: analog to three decimals, a state as a whole number."""
    return round(value, 3) if point.type.is_analog else round(value)


def make_object(point: Point, number: int, refused: tuple[str, ...] = ()) -> Any:
    """The BACnet object of a point, some of whose properties cannot be read."""
    made = CLASSES[point.type](
        objectIdentifier=(point.type.value, number),
        objectName=point.label,
        description=point.description,
        presentValue=present_value(point, point.initial),
        statusFlags=[0, 0, 0, 0],
        eventState="normal",
        reliability="no-fault-detected",
        outOfService=False,
        **_typed_properties(point),
    )
    made._refused = refused
    if not point.type.is_input:
        made._limits = _limits(point)
    return made


def _typed_properties(point: Point) -> dict[str, Any]:
    if point.type.is_analog:
        properties: dict[str, Any] = {"units": point.units, "covIncrement": 0.1}
        if point.low is not None and point.high is not None:
            properties |= {"minPresValue": float(point.low), "maxPresValue": float(point.high)}
        return properties
    if point.type.is_binary:
        texts = {"inactiveText": point.states[0], "activeText": point.states[1]}
        polarity = {} if point.type is ObjectType.BINARY_VALUE else {"polarity": "normal"}
        return texts | polarity
    return {"numberOfStates": len(point.states), "stateText": list(point.states)}


def _limits(point: Point) -> tuple[float, float] | None:
    if point.type.is_binary:
        return (0, 1)
    if not point.type.is_analog:
        return (1, len(point.states))
    if point.low is None or point.high is None:
        return None
    return (point.low, point.high)
