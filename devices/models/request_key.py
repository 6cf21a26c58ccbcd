"""What programs called their requests, so that asking again is not asking twice."""

from django.conf import settings
from django.db import models

KEY_LENGTH = 100


class RequestKey(models.Model):
    """The key that a program gave with a request, a digest of what it asked for, and what it was
    answered: the ids of what it made."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(default=list)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="request_key_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.key}"
