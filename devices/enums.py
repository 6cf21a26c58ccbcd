"""Choices of the device models."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NetworkProtocol(models.TextChoices):
    BACNET = "bacnet", _("BACnet/IP")
    MODBUS = "modbus", _("Modbus TCP")

    @property
    def default_port(self) -> int:
        return {"bacnet": 47808, "modbus": 502}[self.value]

    @property
    def has_out_of_service(self) -> bool:
        """Whether points can be taken out of service by it."""
        return self == NetworkProtocol.BACNET


class CommandKind(models.TextChoices):
    WRITE = "write", _("Write")
    RELEASE = "release", _("Release")
    OUT_OF_SERVICE = "out_of_service", _("Out of service")
    IN_SERVICE = "in_service", _("Back in service")

    @property
    def switches_service(self) -> bool:
        return self in (CommandKind.OUT_OF_SERVICE, CommandKind.IN_SERVICE)


class CommandState(models.TextChoices):
    """How far a command is. The last four are ends."""

    PENDING = "pending", _("Pending")
    SENT = "sent", _("Sent")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")
    UNKNOWN = "unknown", _("Unknown")
    EXPIRED = "expired", _("Expired")


OPEN_STATES = (CommandState.PENDING, CommandState.SENT)


class Origin(models.TextChoices):
    """By which way a change came in."""

    PAGE = "page", _("Page")
    API = "api", _("API")
    ADMIN = "admin", _("Admin")
    SHELL = "shell", _("Command line")
    FIELD = "field", _("Field")
    EXPIRY = "expiry", _("End of an override")


class Action(models.TextChoices):
    """What was done to a row."""

    CREATE = "create", _("Created")
    UPDATE = "update", _("Changed")
    DELETE = "delete", _("Deleted")
    SIGN_IN = "sign_in", _("Signed in")
    SIGN_OUT = "sign_out", _("Signed out")
    REFUSE = "refuse", _("Not let in")


class Role(models.IntegerChoices):
    """What somebody may do at a site. Each may do what those before it may."""

    VIEWER = 1, _("Viewer")
    OPERATOR = 2, _("Operator")
    ENGINEER = 3, _("Engineer")
    ADMINISTRATOR = 4, _("Administrator")

    @property
    def word(self) -> str:
        """As programs read and write it."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> "Role":
        """The opposite of `word`. Raises KeyError."""
        return cls[word.upper()]

    @property
    def strongest_priority(self) -> int | None:
        """The lowest number of a BACnet priority that the role may write (135-2020 clause 19.2):
        the operator has the hand's, life safety is the administrator's. None: no write at all."""
        return {1: None, 2: 8, 3: 5, 4: 1}[self.value]

    @classmethod
    def for_priority(cls, priority: int) -> "Role":
        """The least role that may write at a priority, and release it."""
        return min(role for role in cls if (role.strongest_priority or 17) <= priority)


class SyncState(models.TextChoices):
    """How what we want of a row stands to what its device holds."""

    IN_SYNC = "in_sync", _("In sync")
    PENDING = "pending", _("Pending")
    REFUSED = "refused", _("Refused")
    CONFLICT = "conflict", _("Conflict")


class SubnetPort(models.IntegerChoices):
    """The port of the parent that a sub-device hangs on."""

    MAIN = 1, _("Main port")
    ZIGBEE = 2, _("Zigbee port")
    SUB = 3, _("Sub port")


class BaudRate(models.IntegerChoices):
    """The number is not in the order of the speed: 57600 came last."""

    BAUD_1200 = 0, "1200"
    BAUD_2400 = 1, "2400"
    BAUD_3600 = 2, "3600"
    BAUD_4800 = 3, "4800"
    BAUD_7200 = 4, "7200"
    BAUD_9600 = 5, "9600"
    BAUD_19200 = 6, "19200"
    BAUD_38400 = 7, "38400"
    BAUD_76800 = 8, "76800"
    BAUD_115200 = 9, "115200"
    BAUD_921600 = 10, "921600"
    BAUD_57600 = 11, "57600"


class IspMode(models.IntegerChoices):
    """Which of its programs a T3 panel runs."""

    APPLICATION = 0, _("Application")
    BOOT_LOADER = 1, _("Boot loader")
    DAMAGED = 2, _("Boot loader, application damaged")
    MSTP = 3, _("MS/TP device")


class JobKind(models.TextChoices):
    SEARCH = "search", _("Search for devices")
    CONNECT = "connect", _("Connection to a device")


class JobState(models.TextChoices):
    """How far a job is. The last two are ends."""

    PENDING = "pending", _("Pending")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")


class StepKind(models.TextChoices):
    """What happened in a search (protocols.scanning.StepKind)."""

    OPENED = "opened", _("Opened")
    ASKED = "asked", _("Asked")
    REGISTERED = "registered", _("BBMD")
    ROUTER = "router", _("Router")
    HEARD = "heard", _("Heard")
    DESCRIBED = "described", _("Described")
    DOUBLED = "doubled", _("Doubled")
    ENDED = "ended", _("Ended")
    ADVICE = "advice", _("Advice")


class FindingKind(models.TextChoices):
    """How what a search found differs from what is known."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    MOVED = "moved", _("Moved")
    GONE = "gone", _("Gone")


class FindingState(models.TextChoices):
    """What became of a finding."""

    OPEN = "open", _("Open")
    APPROVED = "approved", _("Approved")
    DISMISSED = "dismissed", _("Dismissed")
    REGISTERED = "registered", _("Registered by itself")
    SUPERSEDED = "superseded", _("Superseded")


class Segmentation(models.TextChoices):
    """In which direction a BACnet device takes messages in parts, in the standard's words."""

    BOTH = "segmented-both", _("Both ways")
    TRANSMIT = "segmented-transmit", _("It sends them")
    RECEIVE = "segmented-receive", _("It takes them")
    NONE = "no-segmentation", _("Neither way")


class PollPath(models.TextChoices):
    """From which of our ports a device is read (protocols.types.Path)."""

    POLLING = "polling", _("The poller's port")
    MAIN = "main", _("The network's own port")


class LinkState(models.TextChoices):
    """Whether a device answers."""

    UNKNOWN = "unknown", _("Not asked yet")
    ONLINE = "online", _("Online")
    OFFLINE = "offline", _("Offline")
