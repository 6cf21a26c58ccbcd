from devices.models.audit import AuditEntry
from devices.models.command import Command
from devices.models.device import Device, Link
from devices.models.job import Job, JobNetwork
from devices.models.network import Network, NetworkLease
from devices.models.place import Building, Floor, Room, Site
from devices.models.request_key import RequestKey
from devices.models.role import RoleAssignment

__all__ = [
    "AuditEntry",
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
    "RoleAssignment",
    "Room",
    "Site",
]
