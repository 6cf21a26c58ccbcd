"""Choices of the device models."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NetworkProtocol(models.TextChoices):
    BACNET = "bacnet", _("BACnet/IP")
    MODBUS = "modbus", _("Modbus TCP")

    @property
    def default_port(self) -> int:
        return {"bacnet": 47808, "modbus": 502}[self.value]


class CommandKind(models.TextChoices):
    WRITE = "write", _("Write")
    RELEASE = "release", _("Release")


class CommandState(models.TextChoices):
    """How far a command is. The last four are ends."""

    PENDING = "pending", _("Pending")
    SENT = "sent", _("Sent")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")
    UNKNOWN = "unknown", _("Unknown")
    EXPIRED = "expired", _("Expired")


OPEN_STATES = (CommandState.PENDING, CommandState.SENT)


class CommandOrigin(models.TextChoices):
    """By which way a command came in."""

    PAGE = "page", _("Page")
    API = "api", _("API")
    EXPIRY = "expiry", _("End of an override")


class JobState(models.TextChoices):
    """How far a search for devices is. The last two are ends."""

    PENDING = "pending", _("Pending")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")


class LinkState(models.TextChoices):
    """Whether a device answers."""

    UNKNOWN = "unknown", _("Not asked yet")
    ONLINE = "online", _("Online")
    OFFLINE = "offline", _("Offline")
