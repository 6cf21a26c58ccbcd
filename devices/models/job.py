"""Work that somebody asked for and that takes a while: a search for devices on some networks, or
the connection to one device."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.enums import JobKind
from devices.models.device import Device
from devices.models.network import Network
from devices.models.scan import Asked, Scan


class Job(Asked):
    """Who asked whom, and when. How far it is, is told by its networks (devices.domain.jobs)."""

    kind = models.CharField(max_length=8, choices=JobKind, default=JobKind.SEARCH)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    username = models.CharField(max_length=150)
    client_address = models.GenericIPAddressField(null=True)
    asked_at = models.DateTimeField()

    site_path = "parts__network__site"

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} of {self.username}"


class JobNetwork(models.Model):
    """A network that a job works on, and how that ended."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="+")
    scan = models.ForeignKey(
        Scan,
        on_delete=models.SET_NULL,
        null=True,
        related_name="parts",
        help_text=_("The search that is, or was, made for it; empty: it has not begun."),
    )
    ended_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["network"]
        constraints = [models.UniqueConstraint(fields=["job", "network"], name="job_network_once")]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.network_id}"


class JobDevice(models.Model):
    """The device that a job connects to, and what its row is to be."""

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="sought"
    )
    instance = models.PositiveIntegerField()
    address = models.CharField(max_length=64)
    wanted = models.JSONField(default=dict)  # columns of the row, as they were asked for
    queued_at = models.DateTimeField()  # when its message was last sent to the field
    begun_at = models.DateTimeField(null=True)
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.job_id}: {self.instance} at {self.address}"
