"""The key of the stored secrets: made, missing, damaged, replaced and lost."""

import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from devices import keyring
from devices.domain import secrets
from devices.models import KeyNote
from tests.sealed.models import Safe
from tests.sealed.safes import TEXT, everywhere, in_database, make_safe, revealed

pytestmark = pytest.mark.django_db


@pytest.fixture
def key_file(settings: Any, tmp_path: Path) -> Path:
    """A site that keeps its key in a file, which is not there yet."""
    settings.ENCRYPTION_KEYS = []
    settings.ENCRYPTION_KEY_FILE = tmp_path / "encryption_key"
    return tmp_path / "encryption_key"


# The key file


def test_the_first_start_makes_a_key_that_only_we_can_read(key_file: Path) -> None:
    assert secrets.ready_key() == ""
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]
    key = key_file.read_text()
    assert len(key.strip()) == 44
    assert secrets.ready_key() == ""
    assert key_file.read_text() == key
    noted = KeyNote.objects.get().fingerprint
    assert noted == keyring.fingerprint(key.strip())
    make_safe()
    assert revealed() == [TEXT]


def test_two_first_starts_make_one_key(key_file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _n: keyring.make(), range(8)))
    assert len(key_file.read_text().split()) == 1
    assert list(key_file.parent.iterdir()) == [key_file]


def test_a_key_that_vanished_is_not_replaced(key_file: Path) -> None:
    secrets.ready_key()
    make_safe()
    key_file.unlink()
    with pytest.raises(keyring.KeyMissing) as caught:
        secrets.ready_key()
    for word in (
        str(key_file),
        "backup",
        "rotate_secrets --lost",
        KeyNote.objects.get().fingerprint,
    ):
        assert word in str(caught.value)
    assert not key_file.exists()


@pytest.fixture
def prepare(settings: Any, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """`manage.py prepare`, and what it says to standard error."""
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "staticfiles.json").touch()
    umask = os.umask(0o077)

    def start() -> str:
        wrong = StringIO()
        call_command("prepare", stdout=StringIO(), stderr=wrong)
        return wrong.getvalue()

    yield start
    os.umask(umask)


def test_prepare_refuses_to_start_without_the_key(
    key_file: Path, prepare: Callable[[], str]
) -> None:
    assert prepare() == ""
    User.objects.all().delete()
    key_file.unlink()
    with pytest.raises(CommandError, match="encryption_key is missing"):
        prepare()
    assert not User.objects.exists()


def test_prepare_warns_of_a_key_that_others_may_read(
    key_file: Path, prepare: Callable[[], str]
) -> None:
    """As one that was copied back from a backup."""
    assert prepare() == ""
    for mode in (0o640, 0o604):
        key_file.chmod(mode)
        assert prepare() == f"Others on this machine may read {key_file}: chmod 600 it.\n"
    key_file.chmod(0o400)
    assert prepare() == ""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the database is no file of ours")
def test_prepare_closes_a_database_that_others_may_read(
    key_file: Path, prepare: Callable[[], str]
) -> None:
    database = Path(connection.settings_dict["NAME"])
    database.chmod(0o644)
    prepare()
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


def test_prepare_warns_of_another_key_and_starts(
    key_file: Path, prepare: Callable[[], str]
) -> None:
    prepare()
    key_file.write_text(keyring.new_key())
    assert f"stored secrets cannot be used. {key_file} holds another key" in prepare()


@pytest.mark.parametrize("held", [b"", b"\n", b"half a key", b"\xff\xfe", b"A" * 43])
def test_a_damaged_key_is_said_to_be(key_file: Path, held: bytes) -> None:
    secrets.ready_key()
    make_safe()
    key_file.write_bytes(held)
    for use in (secrets.ready_key, revealed, make_safe):
        with pytest.raises(ImproperlyConfigured) as caught:
            use()
        assert f"{key_file} is damaged" in str(caught.value)
        assert "half" not in str(caught.value)


@pytest.mark.parametrize("way", ["another", "missing"])
def test_without_the_right_key_rows_are_listed_and_secrets_are_not_told(
    key_file: Path, way: str
) -> None:
    secrets.ready_key()
    make_safe()
    right, stored = key_file.read_text(), in_database()
    key_file.unlink()
    if way == "another":
        keyring.make()
        assert str(key_file) in secrets.ready_key()
    (safe,) = Safe.objects.all()
    assert safe.password
    assert "(secret)" in everywhere(safe)
    with pytest.raises(keyring.KeyProblem) as caught:
        safe.password.reveal()
    assert str(key_file) in str(caught.value)
    assert stored[0] not in str(caught.value)
    with pytest.raises(keyring.KeyProblem), transaction.atomic():
        make_safe("new")
    safe.name = "south"
    safe.save()
    assert in_database() == stored
    key_file.write_text(right)
    assert revealed() == [TEXT]


def test_what_was_tampered_with_is_not_told(key_file: Path) -> None:
    secrets.ready_key()
    make_safe()
    (stored,) = in_database()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sealed_safe SET password = %s", [f"{stored[:-4]}AAA="])
    with pytest.raises(keyring.KeyProblem, match=r"sealed\.Safe\.password cannot be read"):
        revealed()


def test_the_environment_wins_over_the_file(key_file: Path, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [keyring.new_key()]
    assert secrets.ready_key() == ""
    assert not key_file.exists()
    assert keyring.place() == "T3000_ENCRYPTION_KEY"
    make_safe()
    settings.ENCRYPTION_KEYS = [keyring.new_key()]
    with pytest.raises(keyring.KeyProblem, match="T3000_ENCRYPTION_KEY"):
        revealed()
    assert "T3000_ENCRYPTION_KEY holds another key" in secrets.ready_key()


# Rotation


def rotate(*options: str) -> str:
    out = StringIO()
    call_command("rotate_secrets", *options, stdout=out)
    return out.getvalue()


def test_rotation_encrypts_everything_with_a_new_key(key_file: Path) -> None:
    secrets.ready_key()
    make_safe(pin="4711")
    make_safe("")
    make_safe("other")
    first, before = key_file.read_text().strip(), in_database()
    said = rotate()
    assert "sealed.Safe.password: 2 encrypted anew" in said
    assert "sealed.Safe.pin: 1 encrypted anew" in said
    new, *older = key_file.read_text().split()
    assert new != first
    assert older == [first]
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert KeyNote.objects.get().fingerprint == keyring.fingerprint(new)
    assert not set(before) - {""} & set(in_database())
    key_file.write_text(new)
    assert revealed() == [TEXT, "", "other"]


def test_the_key_before_the_last_is_let_go(key_file: Path) -> None:
    secrets.ready_key()
    make_safe()
    first = key_file.read_text().strip()
    rotate()
    rotate()
    assert len(key_file.read_text().split()) == 2
    assert first not in key_file.read_text()
    assert revealed() == [TEXT]


def test_rotation_changes_nothing_when_something_cannot_be_read(key_file: Path) -> None:
    secrets.ready_key()
    make_safe()
    key_file.unlink()
    keyring.make()
    key, stored = key_file.read_text(), in_database()
    with pytest.raises(CommandError, match=r"1 of sealed\.Safe\.password"):
        rotate()
    assert (key_file.read_text(), in_database()) == (key, stored)


def test_rotation_that_fails_halfway_loses_nothing(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.ready_key()
    make_safe()
    make_safe("other")
    stored = in_database()
    encrypted = keyring.encrypt
    calls: list[str] = []

    def fail_at_the_second(text: str, keys: list[str]) -> str:
        calls.append(text)
        if len(calls) == 2:
            raise OSError("out of randomness")
        return encrypted(text, keys)

    monkeypatch.setattr(keyring, "encrypt", fail_at_the_second)
    with pytest.raises(OSError, match="randomness"):
        rotate()
    assert in_database() == stored
    assert revealed() == [TEXT, "other"]


def test_one_rotation_at_a_time(key_file: Path) -> None:
    secrets.ready_key()
    with keyring.locked(), pytest.raises(CommandError, match="at this moment"):
        rotate()


def test_rotation_of_keys_in_the_environment(settings: Any) -> None:
    old, new = keyring.new_key(), keyring.new_key()
    settings.ENCRYPTION_KEYS = [old]
    secrets.ready_key()
    make_safe()
    with pytest.raises(CommandError, match="T3000_ENCRYPTION_KEY=NEW,OLD"):
        rotate()
    settings.ENCRYPTION_KEYS = [new, old]
    assert secrets.ready_key() == ""
    assert keyring.fingerprint(new) in rotate()
    settings.ENCRYPTION_KEYS = [new]
    assert secrets.ready_key() == ""
    assert revealed() == [TEXT]


@pytest.mark.parametrize("way", ["missing", "damaged", "another"])
def test_a_key_that_is_lost_for_good_can_be_given_up(key_file: Path, way: str) -> None:
    secrets.ready_key()
    make_safe()
    key_file.unlink()
    if way == "damaged":
        key_file.write_text("not a key")
    elif way == "another":
        keyring.make()
    assert "sealed.Safe.password: 1 lost" in rotate("--lost")
    assert in_database() == [""]
    assert secrets.ready_key() == ""
    make_safe("again")
    assert revealed() == ["", "again"]


def test_the_keys_are_told_nowhere(key_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    secrets.ready_key()
    make_safe()
    said = rotate()
    make_safe("other")
    revealed()
    others = [one.getMessage() for one in caplog.records if one.name != "django.db.backends"]
    assert "the stored secrets are encrypted anew: 1 of sealed.Safe.password; lost: none" in others
    for secret in (*key_file.read_text().split(), "hunter2", "other"):
        assert secret not in said + str(others)
