"""Writing to a point: the dialog that any row of a writable point opens."""

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from devices.domain.commands import BadCommand
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks, Rights
from devices.enums import Role
from devices.middleware import actor
from devices.models import Device
from protocols.types import MANUAL, MINIMUM_ON_OFF
from t3000.domain import priorities
from t3000.domain.commands import (
    can_be_out_of_service,
    holds,
    is_out_of_service,
    request_service,
    request_write,
    why_read_only,
)
from t3000.domain.queries import milliseconds
from t3000.enums import PointKind
from t3000.forms import UNTIL, ReleaseForm, WriteForm
from t3000.models import Point
from t3000.views.priority_rows import array_context
from t3000.views.rows import device_rows, point_rows
from t3000.views.shell import PageRequest, needs, rights_of

TECHNICAL = 1e6  # a bound so far out is the register's, not the plant's


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@needs(Role.VIEWER)
def write(request: PageRequest, point_id: int) -> HttpResponse:
    """204 when the command is on its way. 422: the form says what is wrong; 409: the point cannot
    be commanded, or not now. In both cases nothing is stored and nothing sent."""
    related = Point.objects.select_related(
        "current", "device__network__site", "device__room__floor__building"
    )
    rights = rights_of(request)
    point = get_object_or_404(rights.visible(related), pk=point_id)
    rights.require(Role.OPERATOR, point.device.network.site_id)
    if request.method != "POST":
        return _show(request, point, WriteForm(point))
    if "release" in request.POST:
        return _release(request, point)
    if "service" in request.POST:
        return _switch(request, point)
    form = WriteForm(point, request.POST)
    if not form.is_valid():
        return _render(request, point, form, status=422)
    asked = form.cleaned_data
    return _ask(
        request,
        point,
        form,
        value=asked["value"],
        priority=asked.get("priority", MANUAL),
        until=form.until_at(timezone.now()),
        note=asked["note"],
    )


def _show(request: PageRequest, point: Point, form: WriteForm) -> HttpResponse:
    if not request.htmx:
        page = redirect("device-tab", point.device_id, PointKind(point.kind).tab)
        page["Location"] += f"#point-{point.pk}"
        return page
    return _render(request, point, form)


def _release(request: PageRequest, point: Point) -> HttpResponse:
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        shown = WriteForm(point)
        return _render(request, point, shown, str(form.errors["release"][0]), status=422)
    return _ask(request, point, form, value=None, priority=form.cleaned_data["release"])


def _switch(request: PageRequest, point: Point) -> HttpResponse:
    """Out of service, or back."""
    out = request.POST["service"] == "out"

    def ask() -> None:
        request_service(point, out=out, by=actor(request))

    return _carry_out(request, point, Form(), ask)


def _ask(request: PageRequest, point: Point, form: Form, **asked: Any) -> HttpResponse:
    return _carry_out(
        request, point, form, lambda: request_write(point, by=actor(request), **asked)
    )


def _carry_out(
    request: PageRequest, point: Point, form: Form, ask: Callable[[], object]
) -> HttpResponse:
    try:
        ask()
    except NotPossible as error:
        return _render(request, point, _shown(point, form), str(error), status=409)
    except Lacks as error:
        return _refuse(request, point, form, "priority", str(error))
    except BadCommand as error:
        return _refuse(request, point, form, error.field, error.message)
    return HttpResponse(status=204)


def _refuse(
    request: PageRequest, point: Point, form: Form, field: str, message: str
) -> HttpResponse:
    """422; beside the field where the form has it."""
    shown = _shown(point, form)
    if shown is form and field in shown.fields:
        shown.add_error(field, message)
        message = ""
    return _render(request, point, shown, message, status=422)


def _shown(point: Point, form: Form) -> WriteForm:
    return form if isinstance(form, WriteForm) else WriteForm(point)


def _render(
    request: PageRequest, point: Point, form: WriteForm, problem: str = "", *, status: int = 200
) -> HttpResponse:
    now, rights = timezone.now(), rights_of(request)
    (row,) = point_rows(Point.objects.filter(pk=point.pk), now, rights)
    (device,) = device_rows(Device.objects.filter(pk=point.device_id), rights)
    strongest = _strongest(rights, point)
    context = {
        "point": row,
        "device": device,
        "form": form,
        "problem": problem or ("" if row.writable else _read_only(point)),
        "is_out": can_be_out_of_service(point) and is_out_of_service(point),
        "may_switch": can_be_out_of_service(point) and _may_switch(rights, point),
        "holds": [
            (hold, None if priority >= strongest else Role.for_priority(priority))
            for hold in holds(point)
            if (priority := hold.priority or MANUAL)
        ],
        "manual": MANUAL,
        "low": _worth_telling(point.low),
        "high": _worth_telling(point.high),
        "ends": _ends(form, milliseconds(form.end_of_day(now))),
        "priorities": _priorities(form, strongest),
        **array_context(point, _own_priority(form)),
    }
    return render(request, "t3000/_write.html", context, status=status)


def _read_only(point: Point) -> str:
    return f"This point cannot be written: {why_read_only(point)}."


def _may_switch(rights: Rights, point: Point) -> bool:
    return rights.may(Role.ENGINEER, point.device.network.site_id)


def _worth_telling(bound: float | None) -> float | None:
    """What a register can just hold is no advice to an operator."""
    return bound if bound is not None and abs(bound) < TECHNICAL else None


def _strongest(rights: Rights, point: Point) -> int:
    """The lowest number that the user may write and release here."""
    role = rights.role_at(point.device.network.site_id)
    return (role and role.strongest_priority) or MANUAL


def _own_priority(form: WriteForm) -> int:
    """At which the form would write as it stands."""
    chosen = str(form["priority"].value()) if "priority" in form.fields else ""
    return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) <= 2 else MANUAL


def _priorities(form: WriteForm, strongest: int) -> list[tuple[int, Any]]:
    """The choices of `priority` that the user has, by number."""
    if "priority" not in form.fields:
        return []
    numbers = [number for number in range(strongest, 17) if number != MINIMUM_ON_OFF]
    return [(number, priorities.NAMES.get(number, "")) for number in numbers]


def _ends(form: WriteForm, end_of_day: int) -> list[dict[str, Any]]:
    """The choices of `until`; until.js says when that is."""
    if "until" not in form.fields:
        return []
    chosen = form["until"].value()
    return [
        {
            "key": key,
            "word": word,
            "seconds": round(span.total_seconds()) if span else None,
            "at": end_of_day if key == "day" else None,
            "is_chosen": key == chosen,
        }
        for key, (word, span) in UNTIL.items()
    ]
