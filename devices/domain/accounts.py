"""Who may come in."""

import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password

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
