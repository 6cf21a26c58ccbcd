"""Choices of the device models."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NetworkProtocol(models.TextChoices):
    BACNET = "bacnet", _("BACnet/IP")


class LinkState(models.TextChoices):
    """Whether a device answers."""

    UNKNOWN = "unknown", _("Not asked yet")
    ONLINE = "online", _("Online")
    OFFLINE = "offline", _("Offline")
