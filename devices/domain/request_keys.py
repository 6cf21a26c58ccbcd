"""A program that heard no answer asks again. With a key of its own it gets the command that it
asked for, not a second one."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from devices.models import Command, RequestKey

HOLDS = timedelta(days=1)


class KeyReused(ValueError):
    """The key stands for another request."""


def recall(user: User, key: str, digest: str, now: datetime) -> Command | None:
    """The command that was asked for with this key. Raises KeyReused if it was another one."""
    RequestKey.objects.filter(user=user, created_at__lt=now - HOLDS).delete()
    found = RequestKey.objects.filter(user=user, key=key).select_related("command").first()
    if found is None:
        return None
    if found.digest != digest:
        raise KeyReused(key)
    return found.command


def remember(user: User, key: str, digest: str, command: Command) -> None:
    """Call it in the transaction that makes the command: without the key there is none. Raises
    KeyReused if somebody else used it in this very moment."""
    try:
        with transaction.atomic():
            RequestKey.objects.create(
                user=user, key=key, digest=digest, command=command, created_at=command.created_at
            )
    except IntegrityError:
        raise KeyReused(key) from None
