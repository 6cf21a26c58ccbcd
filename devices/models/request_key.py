"""What programs called their requests, so that asking again is not asking twice."""

from django.conf import settings
from django.db import models

from devices.models.command import Command

KEY_LENGTH = 100


class RequestKey(models.Model):
    """The key that a program gave with a command, and a digest of what it asked for."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    digest = models.CharField(max_length=64)
    command = models.ForeignKey(Command, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="request_key_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.key}"
