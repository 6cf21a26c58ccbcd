"""A program that heard no answer asks again. With a key of its own it gets the answer that it would
have heard, and nothing is done twice."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from devices.models import RequestKey

HOLDS = timedelta(days=1)


class KeyReused(ValueError):
    """The key stands for another request."""


def recall(user: User, key: str, digest: str, now: datetime) -> RequestKey | None:
    """What was answered to the request with this key. Raises KeyReused if it was another one."""
    RequestKey.objects.filter(user=user, created_at__lt=now - HOLDS).delete()
    found = RequestKey.objects.filter(user=user, key=key).first()
    if found is not None and found.digest != digest:
        raise KeyReused(key)
    return found


def remember(user: User, key: str, digest: str, answer: Any, now: datetime) -> None:
    """Call it in the transaction that does what is asked: without the key nothing is done. Raises
    KeyReused if somebody else used it in this very moment."""
    try:
        with transaction.atomic():
            RequestKey.objects.create(
                user=user, key=key, digest=digest, answer=answer, created_at=now
            )
    except IntegrityError:
        raise KeyReused(key) from None
