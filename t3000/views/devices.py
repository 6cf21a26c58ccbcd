"""The list of devices, and a device: its points, what it lists beside them and what it takes."""

from contextlib import suppress
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from devices.domain import audit, jobs, profiles, rows
from devices.domain.errors import NotPossible
from devices.domain.rights import Rights
from devices.enums import Role
from devices.forms import ProfileForm
from devices.models import Device
from t3000.enums import PointKind
from t3000.models import Point
from t3000.views import device_profile
from t3000.views.rows import device_rows, network_rows, point_rows
from t3000.views.shell import PageRequest, clock, needs, rights_of
from t3000.views.states import DEVICE_GROUPS, POINT_GROUPS

TABS = {kind.tab: kind for kind in PointKind}


@require_safe
@never_cache
@needs(Role.VIEWER)
def device_list(request: PageRequest) -> HttpResponse:
    rights = rights_of(request)
    devices = device_rows(Device.objects.all(), rights)
    networks = network_rows(timezone.now(), rights)
    context = {
        "devices": devices,
        "networks": networks,
        "groups": DEVICE_GROUPS,
        "keys": [row.keys for row in devices],
        "is_waiting": not devices or any(network.is_looking for network in networks),
    }
    return render(request, "devices/_list.html" if request.htmx else "devices/list.html", context)


@require_safe
@never_cache
@needs(Role.VIEWER)
def device(request: PageRequest, device_id: int, tab: str = "inputs") -> HttpResponse:
    seen = rights_of(request).visible(Device.objects.select_related("network"))
    return page(request, get_object_or_404(seen, pk=device_id), tab)


def page(
    request: PageRequest,
    found: Device,
    tab: str,
    *,
    form: ProfileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """A tab of a device's page: the points of a kind, or what else there is to tell."""
    rights = rights_of(request)
    others = device_profile.tabs(found)
    if tab not in TABS and tab not in {name for name, *_ in others}:
        raise Http404(f"there is no tab {tab}; there are {', '.join(TABS)}")
    counts = dict(
        Point.objects.filter(device=found).order_by().values_list("kind").annotate(Count("pk"))
    )
    (row,) = device_rows(Device.objects.filter(pk=found.pk), rights)
    points_of = [
        (name, kind.plural, counts.get(kind, 0))
        for name, kind in TABS.items()
        if kind in counts or kind is not PointKind.PRIVATE_VARIABLE
    ]
    context: dict[str, Any] = {
        **clock(row.zone),
        "may_audit": rights.may(audit.READER, found.network.site_id),
        "device": row,
        "tabs": [*points_of, *others],
        "tab": tab,
    }
    if request.htmx and request.htmx.request_type == "partial":
        return render(request, "devices/_device_head.html", context)
    if tab in TABS:
        context |= _points(found, TABS[tab], rights)
    else:
        context |= device_profile.context(found, tab, rights, form)
    template = "devices/device.html" if tab in TABS else f"devices/{tab}.html"
    return render(request, template, context, status=status)


def _points(found: Device, kind: PointKind, rights: Rights) -> dict[str, Any]:
    points = point_rows(Point.objects.filter(device=found, kind=kind), timezone.now(), rights)
    return {
        "tab_name": kind.plural,
        "column": kind.label,
        "points": points,
        "groups": POINT_GROUPS,
        "keys": [point.keys for point in points],
    }


@require_POST
@needs(Role.ENGINEER)
def save_profile(request: PageRequest, device_id: int) -> HttpResponse:
    """Sets what the device takes, or pins it."""
    rights = rights_of(request)
    seen = rights.visible(Device.objects.select_related("network"))
    found = get_object_or_404(seen, pk=device_id)
    rights.require(Role.ENGINEER, found.network.site_id)
    if not device_profile.tabs(found):
        raise Http404("only devices on BACnet/IP have a profile")
    form = ProfileForm(request.POST, instance=profiles.told(found.pk))
    if form.is_valid():
        try:
            profiles.change(found.pk, form.cleaned_data, by=rights)
        except rows.BadRows as error:
            for one in error.problems:
                form.add_error(one.field if one.field in form.fields else None, one.message)
        else:
            messages.success(request, _("The profile is stored."))
            return redirect("device-tab", found.pk, "profile")
    return page(request, found, "profile", form=form, status=422)


@require_POST
@needs(Role.ENGINEER)
def discover(request: PageRequest) -> HttpResponse:
    """Looks for devices on every network that is in use and the user's to search."""
    with suppress(NotPossible):  # none is
        jobs.request_search(None, by=cast("User", request.user), now=timezone.now())
    return redirect("device-list")
