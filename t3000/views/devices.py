"""The list of devices, and a device's points."""

from typing import Any

from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from devices.domain import audit
from devices.domain.discovery import request_discovery
from devices.enums import Role
from devices.models import Device, Network
from t3000.enums import PointKind
from t3000.models import Point
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
    if tab not in TABS:
        raise Http404(f"there is no tab {tab}; there are {', '.join(TABS)}")
    rights = rights_of(request)
    found = get_object_or_404(
        rights.visible(Device.objects.select_related("network")), pk=device_id
    )
    counts = dict(
        Point.objects.filter(device=found).order_by().values_list("kind").annotate(Count("pk"))
    )
    (row,) = device_rows(Device.objects.filter(pk=found.pk), rights)
    context: dict[str, Any] = {
        **clock(row.zone),
        "may_audit": rights.may(audit.READER, found.network.site_id),
        "device": row,
        "tabs": [
            (name, kind.plural, counts.get(kind, 0))
            for name, kind in TABS.items()
            if kind in counts or kind is not PointKind.PRIVATE_VARIABLE
        ],
        "tab": tab,
        "tab_name": TABS[tab].plural,
    }
    if request.htmx and request.htmx.request_type == "partial":
        return render(request, "devices/_device_head.html", context)
    points = point_rows(Point.objects.filter(device=found, kind=TABS[tab]), timezone.now(), rights)
    context |= {
        "column": TABS[tab].label,
        "points": points,
        "groups": POINT_GROUPS,
        "keys": [point.keys for point in points],
    }
    return render(request, "devices/device.html", context)


@require_POST
@needs(Role.ENGINEER)
def discover(request: PageRequest) -> HttpResponse:
    """Looks for devices on every network that is in use and the user's to search."""
    networks = Network.objects.filter(enabled=True)
    for network in rights_of(request).visible(networks, Role.ENGINEER):
        request_discovery(network)
    return redirect("device-list")
