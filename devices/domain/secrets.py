"""The key of the stored secrets: made at the first start, replaced, given up when it is lost."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db import models, transaction

from devices import keyring
from devices.models.secret import EncryptedTextField, KeyNote, wrong_key

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Rotation:
    """What became of the secrets, counted by field."""

    encrypted: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)


def ready_key() -> str:
    """Makes the key of a new site. Returns what is wrong with the key but does not keep the site
    from being served; raises KeyProblem where there is none and the database knows of one."""
    noted = KeyNote.objects.first()
    try:
        keyring.keys()
    except keyring.KeyMissing:
        if noted is not None:
            raise keyring.KeyMissing(_where_it_may_be(noted)) from None
        keyring.make()
    noted, _is_new = KeyNote.objects.get_or_create(
        pk=1, defaults={"fingerprint": keyring.fingerprints()[0]}
    )
    return "" if noted.fingerprint in keyring.fingerprints() else str(wrong_key(noted))


def rotate() -> Rotation:
    """Encrypts every secret anew, with a new key if we may make one, else with the first of those
    given. The key before it stays: a process may be storing something with it right now. Raises
    KeyProblem, and changes nothing, if one of them cannot be read."""
    with keyring.locked():
        before = keyring.keys()
        unreadable = _count_unreadable(before)
        if unreadable:
            raise keyring.KeyProblem(
                f"Not all secrets can be read with the key of {keyring.place()}: "
                f"{_told(unreadable)}. Put the key that they were made with there, too, on a line "
                "of its own; or, if it is lost, see docs/secrets.md."
            )
        if not keyring.is_a_file():
            return _encrypt_all(before)
        after = [keyring.new_key(), *before]
        keyring.replace(after)  # before anything is stored that only the new one reads
        done = _encrypt_all(after)
        keyring.replace(after[:2])
    return done


def give_up() -> Rotation:
    """The key is lost for good: there is a new one, and what cannot be read is emptied."""
    with keyring.locked():
        try:
            found = keyring.keys()
        except keyring.KeyMissing:
            keyring.make()
            found = keyring.keys()
        except keyring.KeyDamaged:
            found = [keyring.new_key()]
            keyring.replace(found)
        return _encrypt_all(found, may_lose=True)


def _encrypt_all(keys: list[str], *, may_lose: bool = False) -> Rotation:
    done = Rotation()
    with transaction.atomic():
        for one in encrypted_fields():
            for row, stored in _stored(one):
                plain = keyring.decrypt(stored, keys)
                if plain is None and not may_lose:
                    raise keyring.KeyProblem(f"{one} changed meanwhile. Try again.")
                counts = done.lost if plain is None else done.encrypted
                counts[str(one)] = counts.get(str(one), 0) + 1
                row.update(**{one.name: plain or ""})
        KeyNote.objects.update_or_create(
            pk=1, defaults={"fingerprint": keyring.fingerprint(keys[0])}
        )
    log.warning(
        "the stored secrets are encrypted anew: %s; lost: %s",
        _told(done.encrypted), _told(done.lost),
    )  # fmt: skip
    return done


def encrypted_fields() -> list[EncryptedTextField]:
    """Of all models, each once."""
    return [
        one
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for one in model._meta.local_concrete_fields
        if isinstance(one, EncryptedTextField)
    ]


def _stored(of: EncryptedTextField) -> Iterator[tuple["models.QuerySet[models.Model]", str]]:
    """Each row that has a secret, and its cipher text. Rows are held until the transaction ends."""
    rows = of.model._base_manager.exclude(**{of.name: ""}).exclude(**{f"{of.name}__isnull": True})
    for pk, secret in list(rows.select_for_update().values_list("pk", of.name)):
        yield of.model._base_manager.filter(pk=pk), secret.stored


def _count_unreadable(keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    with transaction.atomic():
        for one in encrypted_fields():
            count = sum(keyring.decrypt(stored, keys) is None for _row, stored in _stored(one))
            if count:
                found[str(one)] = count
    return found


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in counts.items()) or "none"


def _where_it_may_be(noted: KeyNote) -> str:
    return (
        f"{keyring.place()} is missing, the key that the secrets in this database are encrypted "
        f"with (fingerprint {noted.fingerprint}). Put it back from its backup or from the machine "
        "that serves this database, too. Only if it is lost for good: `manage.py rotate_secrets "
        "--lost` makes a new one and empties the secrets that nobody can read any more."
    )
