"""The first page: what needs attention, then every device with its first values."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from devices.enums import Role
from devices.models import Building, Device
from t3000.models import Point
from t3000.views.rows import device_rows, headline, needs_attention, network_rows
from t3000.views.shell import PageRequest, needs, rights_of
from t3000.views.states import OFFLINE_GROUP, POINT_GROUPS


@require_safe
@never_cache
@needs(Role.VIEWER)
def overview(request: PageRequest) -> HttpResponse:
    now, rights = timezone.now(), rights_of(request)
    devices = device_rows(Device.objects.all(), rights)
    networks = network_rows(now, rights)
    points = headline([device.id for device in devices], now, rights)
    offline = [device for device in devices if device.state == "offline"]
    troubled = [network for network in networks if network.problem]
    by_id = {device.id: device for device in devices}
    abnormal = [row for row in needs_attention(now, rights) if row.device_id in by_id]
    context = {
        "building_count": rights.visible(Building.objects.all()).count(),
        "point_count": rights.visible(Point.objects.all()).count(),
        "networks": networks,
        "tiles": [(device, points.get(device.id, [])) for device in devices],
        "troubled": troubled,
        "offline": offline,
        "abnormal": [(point, by_id[point.device_id]) for point in abnormal],
        "groups": (OFFLINE_GROUP, *POINT_GROUPS),
        "keys": [
            *(network.keys for network in troubled),
            *(device.keys for device in offline),
            *(point.keys for point in abnormal),
        ],
        "is_waiting": not devices or any(network.is_looking for network in networks),
    }
    return render(
        request, "t3000/_overview.html" if request.htmx else "t3000/overview.html", context
    )
