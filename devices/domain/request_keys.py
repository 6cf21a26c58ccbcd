"""A program that heard no answer asks again. With a key of its own it gets the answer that it would
have heard, and nothing is done twice."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from devices.models import RequestKey

HOLDS = timedelta(days=1)


class KeyReused(ValueError):
    """The key stands for another request."""


def claim(user: User, key: str, digest: str, now: datetime) -> tuple[RequestKey, bool]:
    """(row, is_new). Call it in the transaction that does what is asked and that remembers the
    answer: without it there is no key. Who asks at the same time waits here for its end.

    Raises KeyReused if the key stands for another request."""
    RequestKey.objects.filter(user=user, created_at__lt=now - HOLDS).delete()
    row, is_new = RequestKey.objects.get_or_create(
        user=user, key=key, defaults={"digest": digest, "created_at": now}
    )
    if row.digest != digest:
        raise KeyReused(key)
    return row, is_new


def remember(row: RequestKey, answer: Any) -> None:
    """What the request is answered from now on."""
    row.answer = answer
    row.save(update_fields=["answer"])
