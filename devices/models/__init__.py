from devices.models.command import Command
from devices.models.device import Device, Link
from devices.models.network import Network, NetworkLease
from devices.models.place import Building, Floor, Room, Site

__all__ = [
    "Building",
    "Command",
    "Device",
    "Floor",
    "Link",
    "Network",
    "NetworkLease",
    "Room",
    "Site",
]
