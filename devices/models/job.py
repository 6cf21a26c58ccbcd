"""Work that somebody asked for and that takes a while: a search for devices on some networks."""

from django.conf import settings
from django.db import models

from devices.models.network import Network


class Job(models.Model):
    """Who asked, and when. How far it is, is told by its networks (devices.domain.jobs)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    username = models.CharField(max_length=150)
    asked_at = models.DateTimeField()

    site_path = "parts__network__site"

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"search {self.pk} of {self.username}"


class JobNetwork(models.Model):
    """A network that a job searches, and how that ended."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="+")
    ended_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["network"]
        constraints = [models.UniqueConstraint(fields=["job", "network"], name="job_network_once")]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.network_id}"
