"""What every page shows around its content, and who may see a page at all."""

import zoneinfo
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from devices.domain.rights import Lacks, Rights
from devices.enums import Role
from devices.models import Device, Site

Parameters = ParamSpec("Parameters")
View = Callable[Concatenate["PageRequest", Parameters], HttpResponse]


class PageRequest(HttpRequest):
    """A request as the middleware leaves it. htmx asks for a fragment of the page only."""

    htmx: HtmxDetails


def rights_of(request: HttpRequest) -> Rights:
    """Of the user, looked up once for a request."""
    known: Rights | None = getattr(request, "_rights", None)
    if known is None:
        known = Rights.of(request.user)
        request._rights = known  # type: ignore[attr-defined]
    return known


def needs(role: Role) -> Callable[[View[Parameters]], View[Parameters]]:
    """A page for those who have at least this role at some site. The view looks at the row's."""

    def decorate(view: View[Parameters]) -> View[Parameters]:
        @wraps(view)
        def checked(
            request: PageRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
        ) -> HttpResponse:
            rights = rights_of(request)
            if not rights.anywhere(Role.VIEWER):
                return render(request, "no_role.html", status=403)
            try:
                rights.require_somewhere(role)
                return view(request, *args, **kwargs)
            except Lacks as error:
                raise PermissionDenied(str(error)) from None

        return checked

    return decorate


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the top bar, the rail and the status bar: of what the user sees. Nothing for a
    stranger."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    rights = rights_of(request)
    sites = list(rights.visible(Site.objects.all()))
    return {
        "site_name": sites[0].name if len(sites) == 1 else _several(len(sites)),
        "is_one_site": len(sites) == 1,
        **clock(zone_of_sites(sites)),
        "device_count": rights.visible(Device.objects.all()).count(),
        "may": {role.word: rights.anywhere(role) for role in Role},
    }


def zone_of_sites(sites: Sequence[Site]) -> str:
    """The one that they share; UTC for those that go by several clocks."""
    zones = {site.time_zone for site in sites}
    return zones.pop() if len(zones) == 1 else "UTC"


def clock(zone: str) -> dict[str, Any]:
    """The clock of the status bar. A page of one place sets it by the place's zone."""
    return {"time_zone": zone, "server_time": timezone.now().astimezone(zoneinfo.ZoneInfo(zone))}


def _several(count: int) -> str:
    return f"{count} sites" if count else "T3000"
