"""How devices are asked to make themselves known: Who-Is and Who-Has, to which instances."""

from collections.abc import Sequence
from typing import Any

from bacpypes3.apdu import WhoHasRequest, WhoIsRequest
from bacpypes3.basetypes import WhoHasLimits, WhoHasObject

from protocols.scanning import Search

LAST_INSTANCE = 4194302


def question_of(search: Search) -> Any:
    if not search.object_name:
        return within(WhoIsRequest(), search.instances)
    asked = WhoHasRequest(object=WhoHasObject(objectName=search.object_name))
    return within(asked, search.instances)


def within(question: Any, instances: range | None) -> Any:
    """The question to those instances alone."""
    if instances is None:
        return question
    limits = {
        "deviceInstanceRangeLowLimit": instances[0],
        "deviceInstanceRangeHighLimit": instances[-1],
    }
    if isinstance(question, WhoHasRequest):
        return WhoHasRequest(limits=WhoHasLimits(**limits), object=question.object)
    return WhoIsRequest(**limits)


def named(question: Any) -> str:
    if isinstance(question, WhoHasRequest):
        limits, name = question.limits or WhoHasLimits(), "Who-Has"
        told = f" {question.object.objectName!s}"
    else:
        limits, name, told = question, "Who-Is", ""
    low, high = limits.deviceInstanceRangeLowLimit, limits.deviceInstanceRangeHighLimit
    return f"{name}{told}" if low is None else f"{name}{told} {low} to {high}"


def parts(heard: Sequence[int], wanted: range | None, *, most: int) -> list[range | None]:
    """Instances to ask once more, so that of those heard no more than `most` answer at once."""
    if len(heard) <= most:
        return [wanted]
    whole = range(LAST_INSTANCE + 1) if wanted is None else wanted
    starts = [whole.start, *(heard[place] for place in range(most, len(heard), most))]
    return [
        range(start, end)
        for start, end in zip(starts, [*starts[1:], whole.stop], strict=True)
        if start < end
    ]
