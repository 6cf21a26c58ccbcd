from devices.models.command import Command
from devices.models.device import Device, Link
from devices.models.job import Job, JobNetwork
from devices.models.network import Network, NetworkLease
from devices.models.place import Building, Floor, Room, Site
from devices.models.request_key import RequestKey

__all__ = [
    "Building",
    "Command",
    "Device",
    "Floor",
    "Job",
    "JobNetwork",
    "Link",
    "Network",
    "NetworkLease",
    "RequestKey",
    "Room",
    "Site",
]
