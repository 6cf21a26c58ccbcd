"""Places of a site that has just begun, and whose clock a place goes by."""

from devices.domain.rights import Rights
from devices.enums import Role
from devices.models import Device, Site

FIRST_SITE = "My site"


def sites_to_configure(rights: Rights) -> list[Site]:
    """Those where the user is an engineer. Where there is no site at all, whoever is one everywhere
    begins with a first, which is not stored yet."""
    sites = list(rights.visible(Site.objects.all(), Role.ENGINEER))
    if not sites and rights.may(Role.ENGINEER, None):
        sites = [Site(name=FIRST_SITE)]
    return sites


def zone_of(device: Device) -> str:
    """IANA name of the time zone where the device is: its building's, else its site's."""
    room = device.room
    own = room.floor.building.time_zone if room is not None else ""
    return own or device.network.site.time_zone
