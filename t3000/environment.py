"""What the environment may say, and the words for what it may not. Read by the settings alone."""

import logging
import os
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

YES = {"true", "yes", "on", "1"}
NO = {"false", "no", "off", "0", ""}
POSTGRESQL = "django.db.backends.postgresql"
HOURS_OF_A_YEAR = 8760
SQLITE = "django.db.backends.sqlite3"
DATABASE_EXAMPLES = (
    "postgresql://user:password@127.0.0.1:5432/t3000 or sqlite:////srv/t3000/t3000.sqlite3"
)
HOST = re.compile(r"\*|\.?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")
PERCENT_ENCODED = (
    "Special characters in user and password are percent-encoded: @ as %40, : as %3A, / as %2F."
)


def text(name: str, default: str = "") -> str:
    """A variable that is set to nothing is not set."""
    return os.environ.get(name, "").strip() or default


def words(name: str, default: list[str]) -> list[str]:
    """A list, comma-separated."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or default


def hosts(name: str, default: list[str]) -> list[str]:
    """Names or addresses without scheme and port; .example.org stands for all names below."""
    given = words(name, default)
    for host in given:
        if not HOST.fullmatch(host):
            raise ImproperlyConfigured(
                f"{name}: {host} is no host name; one looks like bms.example.org, 192.168.1.2 or "
                "[fd00::2], without http:// and port."
            )
    if text(name) and not words(name, []):
        raise ImproperlyConfigured(f"{name}={text(name)} names no host.")
    return given


def flag(name: str) -> bool:
    given = text(name).lower()
    if given not in YES | NO:
        raise ImproperlyConfigured(f"{name}={given}: choose true or false.")
    return given in YES


def number(name: str, default: int) -> int:
    given = text(name, str(default))
    if not given.isdecimal():
        raise ImproperlyConfigured(f"{name}={given}: a whole number of 0 or more is wanted.")
    return int(given)


def hours(name: str, default: int, *, least: int = 0) -> timedelta:
    given = text(name, str(default))
    if not given.isdecimal() or len(given) > 4 or not least <= int(given) <= HOURS_OF_A_YEAR:
        raise ImproperlyConfigured(
            f"{name}={given}: a whole number of hours from {least} to {HOURS_OF_A_YEAR} is wanted."
        )
    return timedelta(hours=int(given))


def encryption_keys(name: str) -> list[str]:
    """The newest first. What is refused is not repeated."""
    given = words(name, [])
    for number, key in enumerate(given, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name}: key {number} of {len(given)} is damaged. A key is 32 random bytes in "
                "url-safe base64, 44 characters; several are separated by commas, newest first."
            ) from None
    return given


def log_level(name: str, default: str) -> str:
    given = text(name, default).upper()
    levels = logging.getLevelNamesMapping()
    if given not in levels:
        raise ImproperlyConfigured(f"{name}={given}: choose DEBUG, INFO, WARNING or ERROR.")
    return given


def origins(name: str) -> list[str]:
    """Scheme, host and port, nothing behind."""
    given = [word.lower() for word in words(name, [])]  # as browsers write them
    for origin in given:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin:
            raise ImproperlyConfigured(
                f"{name}: {origin} is no origin; one looks like https://bms.example.org."
            )
    return given


def database(name: str) -> dict[str, Any] | None:
    """PostgreSQL or SQLite; None where nothing is said. What is refused is not repeated: the log
    must not know parts of a password."""
    url = text(name)
    if not url:
        return None
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in ("postgresql", "postgres", "sqlite"):
        wrong = scheme if separator and re.fullmatch("[a-z0-9+]+", scheme) else "it"
        raise ImproperlyConfigured(f"{name}: {wrong} is not known; try {DATABASE_EXAMPLES}.")
    try:
        given: dict[str, Any] = environ.Env.db_url_config(url)
        is_right = "@" not in given["NAME"] or given["ENGINE"] == SQLITE  # a / in the password
    except ValueError:  # its message repeats what stands where the port should
        is_right = False
    if not is_right:
        raise ImproperlyConfigured(
            f"{name} cannot be read; it looks like {DATABASE_EXAMPLES}. {PERCENT_ENCODED}"
        )
    if not given["NAME"] or given["NAME"] == ":memory:":
        raise ImproperlyConfigured(f"{name} names no database; it looks like {DATABASE_EXAMPLES}.")
    return given


def redis(name: str) -> str:
    """The address of a Redis server; empty where nothing is said."""
    url = text(name)
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
        is_right = is_right and (parts.path.strip("/") or "0").isdecimal()
        is_right = is_right and "@" not in parts.query + parts.fragment  # a ? in the password
    except ValueError:  # a port that is no number
        is_right = False
    if url and not is_right:
        raise ImproperlyConfigured(
            f"{name} is not the address of a Redis server; it looks like redis://127.0.0.1:6379/0, "
            f"or rediss:// with TLS. {PERCENT_ENCODED}"
        )
    return url
