"""Tokens of programs. Only a token's hash is stored: who reads the database cannot sign in."""

import logging
import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha512

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from devices.domain import last_seen, sessions
from devices.models import ApiToken
from devices.models.acting import current
from devices.models.token import NAME_LENGTH
from protocols.texts import clean

log = logging.getLogger(__name__)

SHAPE = re.compile(r"[0-9a-f]{64}")
LIFETIME = timedelta(days=90)
UNTIL_REVOKED = None  # a lifetime, too
LONGEST = 36500  # days
MOST = 50  # of one user
FORGET = timedelta(days=30)  # after its end a token is no longer listed


class NoSuchUser(Exception):
    """Nobody who may sign in has this name."""


class TooMany(Exception):
    """The user has enough tokens; says what to do."""


def active_user(username: str) -> User:
    """Raises NoSuchUser with what is wrong."""
    user = known_user(username)
    if not user.is_active:
        raise NoSuchUser(f"The user {username} is not active, so a token would open nothing.")
    return user


def known_user(username: str) -> User:
    """Also somebody inactive. Raises NoSuchUser."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NoSuchUser(f"There is no user {username}.")
    return user


def make(
    user: User,
    *,
    name: str = "",
    lifetime: timedelta | None = LIFETIME,
    by: ApiToken | None = None,
    now: datetime | None = None,
) -> str:
    """A new token, which nobody can tell again. One that is made by means of another does not
    outlive it: who stole that would never be out. Raises TooMany."""
    now = now or timezone.now()
    own = ApiToken.objects.filter(user=user)
    own.filter(expires_at__lt=now - FORGET).delete()
    if own.count() >= MOST:
        raise TooMany(f"A user has at most {MOST} tokens. Revoke one that is no longer needed.")
    ends = [now + lifetime if lifetime is not None else None, by.expires_at if by else None]
    token = secrets.token_hex(32)
    row = ApiToken.objects.create(
        user=user,
        name=clean(name)[:NAME_LENGTH],
        digest=_digest(token),
        created_at=now,
        expires_at=min((end for end in ends if end is not None), default=None),
    )
    end = f"until {row.expires_at:%Y-%m-%d}" if row.expires_at else "until it is revoked"
    log.info("%s made the token %s of %s, %s", current().name, _called(row), user, end)
    return token


def find_row(token: str) -> ApiToken:
    """Of a token that there is."""
    row: ApiToken = ApiToken.objects.get(digest=_digest(token))
    return row


def list_for(user: User) -> QuerySet[ApiToken]:
    """The newest first; those that have ended for a while, too."""
    return ApiToken.objects.filter(user=user)


def revoke(token: ApiToken) -> None:
    """It opens nothing from now on."""
    called = _called(token)
    with transaction.atomic():
        token.delete()
        sessions.close_sockets(token.user_id)
    log.info("%s revoked the token %s of %s", current().name, called, token.user)


def revoke_all(user: User) -> int:
    """How many there were."""
    with transaction.atomic():
        count: int = ApiToken.objects.filter(user=user).delete()[0]
        sessions.close_sockets(user.pk)
    if count:
        log.info("%s revoked all %d tokens of %s", current().name, count, user)
    return count


def find(token: str, now: datetime, address: str = "") -> ApiToken | None:
    """The row of a token that opens now, with its user; None for any other text. Its use is
    noted, with the address that it came from."""
    if not SHAPE.fullmatch(token):
        return None
    digest = _digest(token)
    rows = ApiToken.objects.filter(digest=digest).select_related("user")
    row: ApiToken | None = rows.first()
    if row is None or not row.user.is_active:
        return None
    if row.expires_at is not None and row.expires_at <= now:
        return None
    if last_seen.is_due(row.used_at, now):
        this = ApiToken.objects.filter(pk=row.pk)
        last_seen.note(this, digest, used_at=now, used_from=address or None)
    return row


def in_header(authorization: str) -> str | None:
    """The token of an Authorization header; None if the header speaks of something else."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "token" else None


def _digest(token: str) -> str:
    """A token is 32 random bytes: there is nothing to guess, so no salt and no slow hash."""
    return sha512(token.encode()).hexdigest()


def _called(row: ApiToken) -> str:
    return f"{row.pk} {row.name!r}" if row.name else str(row.pk)
