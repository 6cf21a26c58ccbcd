"""Who may come in."""

import logging
import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from devices.domain import sessions, tokens
from devices.models.acting import current

log = logging.getLogger(__name__)

ADMINISTRATOR = "admin"


def create_first_administrator(password: str = "") -> str | None:
    """Makes `admin` where there is no user at all; returns the password, random unless given.

    None: there are users, nothing is changed. Raises ValidationError for a weak password.
    """
    users = get_user_model()
    if users.objects.exists():
        return None
    if password:
        validate_password(password, users(username=ADMINISTRATOR))
    password = password or secrets.token_urlsafe(12)
    users.objects.create_superuser(ADMINISTRATOR, password=password)
    return password


def change_password(user: User, password: str, *, keep_session: str | None = None) -> None:
    """Ends all sessions of the user but the one to keep; tokens stay. Raises ValidationError for a
    weak password."""
    validate_password(password, user)
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        sessions.end_all(user, except_key=keep_session)
    log.info("%s changed the password of %s", current().name, user)


def deactivate(user: User) -> None:
    """The user can no longer sign in, and is out at once: sessions and tokens end, so that nothing
    comes back with the user."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        sessions.end_all(user)
        tokens.revoke_all(user)
    log.info("%s made %s inactive", current().name, user)
