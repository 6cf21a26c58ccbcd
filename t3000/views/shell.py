"""What every page shows around its content."""

import zoneinfo
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from devices.models import Device, Site


class PageRequest(HttpRequest):
    """A request as the middleware leaves it. htmx asks for a fragment of the page only."""

    htmx: HtmxDetails


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the top bar, the rail and the status bar. Nothing for a stranger."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    site = Site.objects.first()
    zone = zoneinfo.ZoneInfo(site.time_zone if site else "UTC")
    return {
        "site_name": site.name if site else "T3000",
        "time_zone": zone.key,
        "server_time": timezone.now().astimezone(zone),
        "device_count": Device.objects.count(),
    }
