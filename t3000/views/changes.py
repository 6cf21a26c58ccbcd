"""The audit trail as a page: who changed what, the latest first."""

import zoneinfo
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from devices.domain import audit
from devices.models import AuditEntry, Device, Site
from t3000.views.change_rows import change_rows, kinds
from t3000.views.shell import PageRequest, needs, rights_of, zone_of_sites

PAGE = 50
LONGEST = 100
ASKED = ("who", "what", "kind", "site", "since", "until")

Zones = Mapping[int | None, str]


@require_safe
@never_cache
@needs(audit.READER)
def changes(request: PageRequest) -> HttpResponse:
    rights = rights_of(request)
    entries, device = audit.visible(rights), None
    if "device" in request.GET:
        devices = rights.visible(Device.objects.all(), audit.READER)
        device = get_object_or_404(devices, pk=_number(request.GET, "device"))
        entries = entries.filter(device_id=device.pk)
    asked = {name: request.GET.get(name, "").strip()[:LONGEST] for name in ASKED}
    sites = list(rights.visible(Site.objects.all(), audit.READER))
    zones = {None: zone_of_sites(sites), **{site.pk: site.time_zone for site in sites}}
    found = _filtered(entries, asked, zones)
    if "before" in request.GET:
        found = found.filter(pk__lt=_number(request.GET, "before"))
    page = list(found[: PAGE + 1])
    kept = {**asked, **({"device": str(device.pk)} if device else {})}
    told = sites if len(sites) > 1 and device is None else []
    context: dict[str, Any] = {
        "rows": change_rows(page[:PAGE], zones, {site.pk: site.name for site in told}),
        "device": device,
        "asked": asked,
        "is_filtered": any(asked.values()),
        "kinds": kinds(),
        "sites": told,
        "newest": _link(kept) if "before" in request.GET else "",
        "older": _link({**kept, "before": str(page[PAGE - 1].pk)}) if len(page) > PAGE else "",
    }
    return render(request, "t3000/changes.html", context)


def _filtered(
    entries: QuerySet[AuditEntry], asked: dict[str, str], zones: Zones
) -> QuerySet[AuditEntry]:
    """Days are those of the site that is asked for, else of the clock that all sites share."""
    site = _number(asked, "site") if asked["site"] else None
    if site not in zones:
        raise Http404("there is no such site")
    if site is not None:
        entries = entries.filter(site_id=site)
    if asked["since"]:
        entries = entries.filter(time__gte=_begin_of_day(asked, "since", zones[site]))
    if asked["until"]:
        end = _begin_of_day(asked, "until", zones[site], days_later=1)
        entries = entries.filter(time__lt=end)
    if who := asked["who"]:
        entries = entries.filter(username__icontains=who)
    if what := asked["what"]:
        entries = entries.filter(name__icontains=what)
    return entries.filter(kind=asked["kind"]) if asked["kind"] else entries


def _begin_of_day(query: Mapping[str, str], name: str, zone: str, days_later: int = 0) -> datetime:
    """Raises Http404: browsers send days only."""
    try:
        day = date.fromisoformat(query[name]) + timedelta(days_later)
        return datetime.combine(day, time(), zoneinfo.ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Http404(f"{name} is a day, as 2026-11-23") from None


def _number(query: Mapping[str, str], name: str) -> int:
    """Raises Http404: nobody is led there by a link of ours."""
    text = query[name]
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Http404(f"{name} is a number")
    return int(text)


def _link(query: dict[str, str]) -> str:
    return f"?{urlencode({name: value for name, value in query.items() if value})}"
