"""The keys of the stored secrets: where they lie, how they are read, made and replaced.

They are in T3000_ENCRYPTION_KEY, else in the file `encryption_key` of the data folder, one a line.
The first encrypts, all of them decrypt. Nothing is remembered between two uses: a key that was
replaced holds at once in every process.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VARIABLE = "T3000_ENCRYPTION_KEY"


class KeyProblem(ImproperlyConfigured):
    """The secrets cannot be used; says which file or variable is meant and what to do."""


class KeyMissing(KeyProblem):
    """There is no key at all."""


class KeyDamaged(KeyProblem):
    """There is something, but not a key."""


def place() -> str:
    """Where the keys are, for people."""
    return VARIABLE if settings.ENCRYPTION_KEYS else str(settings.ENCRYPTION_KEY_FILE)


def is_a_file() -> bool:
    """Whether we may replace the keys ourselves."""
    return not settings.ENCRYPTION_KEYS


def is_open_to_others() -> bool:
    """Whether the file, as it was put back from a backup, is for others to read, too."""
    path: Path = settings.ENCRYPTION_KEY_FILE
    return is_a_file() and bool(path.stat().st_mode & 0o077)


def keys() -> list[str]:
    """The newest first. Raises KeyMissing or KeyProblem."""
    if settings.ENCRYPTION_KEYS:
        return list(settings.ENCRYPTION_KEYS)
    path: Path = settings.ENCRYPTION_KEY_FILE
    try:
        found = path.read_bytes().decode("ascii").split()
        for key in found:
            Fernet(key)
    except FileNotFoundError:
        raise KeyMissing(
            f"{path} is missing: without this key no stored secret can be read or written. Put it "
            "back from its backup; on a new site `manage.py prepare` makes it (docs/secrets.md)."
        ) from None
    except OSError as error:
        raise KeyProblem(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:  # it may hold half a key: not one word of it is told
        found = []
    if not found:
        raise KeyDamaged(
            f"{path} is damaged: it does not hold a key. Put it back from its backup "
            "(docs/secrets.md)."
        )
    return found


def fingerprint(key: str) -> str:
    """Tells keys apart and nothing about them."""
    return sha256(f"t3000 encryption key {key}".encode()).hexdigest()[:16]


def fingerprints() -> list[str]:
    return [fingerprint(key) for key in keys()]


def encrypt(text: str, with_keys: Sequence[str]) -> str:
    return Fernet(with_keys[0]).encrypt(text.encode()).decode("ascii")


def decrypt(token: str, with_keys: Sequence[str]) -> str | None:
    """None: not one of these keys made it, or it was tampered with."""
    try:
        return MultiFernet([Fernet(key) for key in with_keys]).decrypt(token.encode()).decode()
    except InvalidToken:
        return None


def new_key() -> str:
    return Fernet.generate_key().decode("ascii")


def make() -> None:
    """The file with its first key. Where somebody else was quicker, theirs is the one."""
    path: Path = settings.ENCRYPTION_KEY_FILE
    draft = _draft(path, [new_key()])
    try:
        os.link(draft, path)  # whole or not at all, and never over another
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def replace(with_keys: Sequence[str]) -> None:
    """In one step: whoever reads the file meanwhile gets the old or the new one, whole."""
    path: Path = settings.ENCRYPTION_KEY_FILE
    _draft(path, with_keys).replace(path)


@contextmanager
def locked() -> Iterator[None]:
    """One at a time changes the keys. Raises KeyProblem if somebody does."""
    folder = os.open(settings.ENCRYPTION_KEY_FILE.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise KeyProblem("Somebody else changes the keys at this moment.") from None
    finally:
        os.close(folder)


def _draft(path: Path, with_keys: Sequence[str]) -> Path:
    """A file beside it that nobody else can read, on the disk before it gets its name."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{key}\n" for key in with_keys))
        file.flush()
        os.fsync(file.fileno())
    return draft
