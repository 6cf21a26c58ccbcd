"""Sessions of browsers: who is signed in, since when and from where, and ending them.

A session that is ended is gone: its next request is a stranger's, and its live sockets are closed
at once.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from devices import live
from devices.domain import audit, last_seen
from devices.enums import Action
from devices.live_rows import Ended
from devices.models import Session
from devices.models.acting import Actor, current
from devices.models.session import AGENT_LENGTH, seen
from protocols.texts import clean

log = logging.getLogger(__name__)


def describe(user: User, session_key: str, *, address: str, user_agent: str) -> None:
    """Says whose a session is, and where their browser is."""
    Session.objects.filter(session_key=session_key).update(
        user=user, address=address or None, user_agent=clean(user_agent)[:AGENT_LENGTH]
    )


def begin(user: User, *, address: str) -> None:
    """Somebody has proved who they are. Sessions that have ended are cleared away."""
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    audit.note(Action.SIGN_IN, "user", user.pk, user.get_username(), {}, by=_as(user))
    log.info("%s signed in from %s", user, address or "nowhere")


def leave(user: User, *, address: str) -> None:
    """Somebody signs out; Django removes their session, in the same transaction: whose socket is
    closed before that would come back with it."""
    audit.note(Action.SIGN_OUT, "user", user.pk, user.get_username(), {}, by=_as(user))
    close_sockets(user.pk)
    log.info("%s signed out from %s", user, address or "nowhere")


def list_for(user: User, now: datetime | None = None) -> QuerySet[Session]:
    """Those of a user that have not ended, the last seen first."""
    return Session.objects.filter(user=user, expire_date__gt=now or timezone.now())


def end(session: Session) -> None:
    """The browser is a stranger from now on."""
    user, address = session.user, session.address
    with transaction.atomic():
        _record([session])
        session.delete()
    close_sockets(session.user_id)
    log.info("%s ended the session of %s from %s", current().name, user, address or "nowhere")


def end_all(user: User, *, except_key: str | None = None) -> int:
    """How many there were. `except_key` stays."""
    ended = Session.objects.filter(user=user).exclude(session_key=except_key or "")
    with transaction.atomic():
        _record(ended.filter(expire_date__gt=timezone.now()))
        count: int = ended.delete()[0]
    if count:
        close_sockets(user.pk)
        log.info("%s ended sessions of %s: %d", current().name, user, count)
    return count


def close_sockets(user_id: int | None, code: int = live.CLOSE_AGAIN) -> None:
    """Those of the user, in all processes, once this is committed. Whoever may, comes back."""
    if user_id is not None:
        transaction.on_commit(lambda: live.publish(ended=[Ended(user_id, code)]))


def _as(user: User) -> Actor:
    """Whoever signs in is not known to the request yet."""
    return replace(current(), user=user)


def _record(ended: Iterable[Session]) -> None:
    for session in ended:
        name = f"{session.user}, {session.address or 'nowhere'}"
        audit.note(Action.DELETE, "session", session.pk, name, {})


def touch(session: Session, now: datetime) -> None:
    """Its browser is here."""
    if last_seen.is_due(session.seen_at, now):
        rows = Session.objects.filter(pk=session.pk, expire_date__gt=now)
        last_seen.note(rows, sha256(session.session_key.encode()).hexdigest(), **seen(now))
