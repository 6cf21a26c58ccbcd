from devices.models.audit import AuditEntry
from devices.models.command import Command
from devices.models.device import Device, Link
from devices.models.job import Job, JobDevice, JobNetwork
from devices.models.network import Network, NetworkLease
from devices.models.place import Building, Floor, Room, Site
from devices.models.product import Board, ProductModel
from devices.models.profile import DeviceObject, DeviceProfile
from devices.models.request_key import RequestKey
from devices.models.role import RoleAssignment
from devices.models.scan import Finding, Scan, ScanStep
from devices.models.secret import EncryptedTextField, KeyNote, Secret
from devices.models.session import Session
from devices.models.token import ApiToken

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Board",
    "Building",
    "Command",
    "Device",
    "DeviceObject",
    "DeviceProfile",
    "EncryptedTextField",
    "Finding",
    "Floor",
    "Job",
    "JobDevice",
    "JobNetwork",
    "KeyNote",
    "Link",
    "Network",
    "NetworkLease",
    "ProductModel",
    "RequestKey",
    "RoleAssignment",
    "Room",
    "Scan",
    "ScanStep",
    "Secret",
    "Session",
    "Site",
]
