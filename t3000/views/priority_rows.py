"""The priority array of a point in the dialog that writes it: what is filled, and who has it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from devices.api.waiting import wait_while
from devices.domain.errors import NotPossible
from devices.enums import Role
from devices.models import Device
from protocols.types import MANUAL
from t3000.domain import priorities
from t3000.domain.priorities import SlotState, Winner
from t3000.domain.queries import milliseconds
from t3000.domain.text import value_text
from t3000.models import Point, PriorityArray
from t3000.views.rows import device_rows
from t3000.views.shell import PageRequest, needs, rights_of

PATIENCE = 3.0  # seconds for the device to answer while somebody looks


@dataclass(frozen=True, slots=True)
class SlotRow:
    priority: int
    name: str
    text: str
    wins: bool


@dataclass(frozen=True, slots=True)
class ArrayRow:
    """`none`: what the point has instead of an array; `priority` has the point, `outranked`: it is
    stronger than the user's own. `read` in ms UTC; None: never."""

    none: str = ""
    slots: tuple[SlotRow, ...] = ()
    default: str = ""
    default_wins: bool = False
    priority: int | None = None
    outranked: bool = False
    read: int | None = None
    problem: str = ""


@require_POST
@never_cache
@needs(Role.VIEWER)
def read_priorities(request: PageRequest, point_id: int) -> HttpResponse:
    """Has the array read anew and shows it, with what the device has told until then."""
    rights = rights_of(request)
    related = Point.objects.select_related("device__network__site")
    point = get_object_or_404(rights.visible(related), pk=point_id)
    rights.require(Role.OPERATOR, point.device.network.site_id)
    asked_at, problem = timezone.now(), ""
    own = request.POST.get("own", "")
    try:
        priorities.read_again(point)
    except NotPossible as error:
        problem = str(error)
    else:
        is_read = PriorityArray.objects.filter(point=point, read_at__gte=asked_at)
        wait_while(lambda: not is_read.exists(), PATIENCE)
        if not is_read.exists():
            problem = "The device has not answered yet."
    (device,) = device_rows(Device.objects.filter(pk=point.device_id), rights)
    mine = int(own) if own.isascii() and own.isdigit() and len(own) <= 2 else MANUAL
    context = {"point": point, "device": device} | array_context(point, mine, problem)
    return render(request, "t3000/_priorities.html", context)


def array_context(point: Point, own: int, problem: str = "") -> dict[str, Any]:
    """For the fragment; `own` is the priority at which the user would write."""
    return {"array": _array_row(point, own, problem), "own": own}


def _array_row(point: Point, own: int, problem: str) -> ArrayRow:
    none = priorities.why_none(point)
    if none:
        return ArrayRow(none=none)
    told = priorities.of_point(point)
    return ArrayRow(
        slots=tuple(
            SlotRow(slot.priority, slot.name, _text(point, slot.value), slot.wins)
            for slot in told.slots
            if slot.state in (SlotState.FILLED, SlotState.UNREADABLE)
        ),
        default="" if told.relinquish_default is None else _text(point, told.relinquish_default),
        default_wins=told.winner is Winner.RELINQUISH_DEFAULT,
        priority=told.priority,
        outranked=told.priority is not None and told.priority < own,
        read=milliseconds(told.read_at) if told.read_at else None,
        problem=problem,
    )


def _text(point: Point, value: float | None) -> str:
    if value is None:
        return "cannot be read"
    units = point.as_held("units")
    text = value_text(value, units=units, states=point.states, kind_of=point.object_type)
    return f"{text} {units}".rstrip()
