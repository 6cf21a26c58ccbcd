"""Tokens of programs. Only a token's hash is stored: who reads the database cannot sign in."""

import re
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from knox.crypto import hash_token
from knox.models import AuthToken

SHAPE = re.compile(r"[0-9a-f]{64}")


class NoSuchUser(Exception):
    """Nobody who may sign in has this name."""


def active_user(username: str) -> AbstractBaseUser:
    """Raises NoSuchUser with what is wrong."""
    users = get_user_model()
    user = users.objects.filter(username=username).first()
    if user is None:
        raise NoSuchUser(f"There is no user {username}.")
    if not user.is_active:
        raise NoSuchUser(f"The user {username} is not active, so a token would open nothing.")
    return user


def make(user: AbstractBaseUser, lifetime: timedelta | None = None) -> str:
    """A new token, which nobody can tell again; without a lifetime it holds until revoked."""
    _row, token = AuthToken.objects.create(user, expiry=lifetime)
    return str(token)


def revoke(username: str) -> int:
    """Ends all tokens of this name, also of somebody inactive; how many there were."""
    users = get_user_model()
    if not users.objects.filter(username=username).exists():
        raise NoSuchUser(f"There is no user {username}.")
    count: int = AuthToken.objects.filter(user__username=username).delete()[0]
    return count


def find(token: str, now: datetime) -> AuthToken | None:
    """The row of a token that opens now, with its user; None for any other text."""
    if not SHAPE.fullmatch(token):
        return None
    row = AuthToken.objects.filter(digest=hash_token(token)).select_related("user").first()
    if row is None or not row.user.is_active:
        return None
    return None if row.expiry is not None and row.expiry <= now else row


def in_header(authorization: str) -> str | None:
    """The token of an Authorization header; None if the header speaks of something else."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "token" else None
