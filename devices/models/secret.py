"""Secrets that are stored encrypted: passwords of devices, of mail servers, of Wi-Fi.

A row holds a `Secret`, which tells its text to nobody but who asks it by `reveal()`. So rows are
listed without a key, and no form, log, page, JSON or repr can give away what it was not meant to.
"""

from typing import Any, NoReturn

from django.core.exceptions import FieldError, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.lookups import Exact
from django.db.models.query_utils import DeferredAttribute
from django.forms import CharField, PasswordInput
from django.utils.translation import gettext_lazy as _

from devices import keyring

HIDDEN = "(secret)"


class KeyNote(models.Model):
    """By which key the secrets of this database are encrypted. One row, with no secret in it: it
    tells that a key is missing or is another one before something is encrypted with that."""

    fingerprint = models.CharField(max_length=16)
    since = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_key_note")]

    def __str__(self) -> str:
        return self.fingerprint


class Secret:
    """A text that is told when it is asked for by name, and only then. False: there is none."""

    __slots__ = ("_plain", "_stored", "_where")

    def __init__(self, plain: str | None = None, *, stored: str = "", where: str = "") -> None:
        self._plain = plain
        self._stored = stored
        self._where = where

    def reveal(self) -> str:
        """Raises keyring.KeyProblem if the key is missing or is not the one it was made with."""
        if self._plain is not None:
            return self._plain
        if not self._stored:
            return ""
        plain = keyring.decrypt(self._stored, keyring.keys())
        if plain is None:
            raise keyring.KeyProblem(
                f"{self._where} cannot be read: it was encrypted with another key than that of "
                f"{keyring.place()}. Put the right key there (docs/secrets.md)."
            )
        return plain

    @property
    def stored(self) -> str | None:
        """As the database has it; None if it is not from there."""
        return self._stored if self._plain is None else None

    def __eq__(self, other: object) -> bool:
        """Whether nothing changed between them. One text is never encrypted twice alike."""
        if not isinstance(other, Secret):
            return NotImplemented
        return (self._plain, self._stored) == (other._plain, other._stored)

    __hash__ = None  # type: ignore[assignment]  # as of everything that is compared by what it holds

    def __bool__(self) -> bool:
        return bool(self._stored or self._plain)

    def __str__(self) -> str:
        return HIDDEN if self else ""

    def __repr__(self) -> str:
        return f"<Secret: {'set' if self else 'none'}>"

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not put into a cache or a message.")


class SecretAttribute(DeferredAttribute):
    """What is assigned is a secret from then on."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # generic in the stubs only
    """A text that the database, its backups and its readers do not know. Nothing can be searched
    for in it but whether there is one: `password=""`."""

    descriptor_class = SecretAttribute
    description = _("Encrypted text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        return None if value is None else Secret(stored=value, where=str(self))

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Secret) or hasattr(value, "resolve_expression"):
            return value
        return Secret(str(value))

    def get_prep_value(self, value: Any) -> Any:
        """What came from the database goes back as it is: also with the wrong key nothing is lost
        when another field of its row is saved."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        secret: Secret = self.to_python(value)
        if secret.stored is not None:
            return secret.stored
        plain = secret.reveal()
        return keyring.encrypt(plain, usable_keys()) if plain else ""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        secret = self.to_python(value)
        if isinstance(secret, Secret) and secret.stored:
            return secret  # it was found good when it was stored
        plain = secret.reveal() if isinstance(secret, Secret) else secret
        try:
            self.run_validators(plain)
            self.validate(plain, model_instance)
        except ValidationError as error:
            raise ValidationError(error.messages) from None  # its parameters hold the text
        return secret

    def get_lookup(self, lookup_name: str) -> Any:
        return {"exact": IsEmpty, "isnull": super().get_lookup("isnull")}.get(lookup_name)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]  # as Django's own do
        """A field that is always empty; left so, the secret stays as it is."""
        options = {"widget": PasswordInput, "strip": False, "required": False, **kwargs}
        return super(models.TextField, self).formfield(
            **{"form_class": CharField, "max_length": self.max_length, **options}
        )

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if data:
            super().save_form_data(instance, data)

    def value_from_object(self, obj: models.Model) -> Any:
        """For forms and model_to_dict: not the text, but whether there is one."""
        return super().value_from_object(obj) or ""

    def value_to_string(self, obj: models.Model) -> str:
        """For serializers."""
        return ""


class IsEmpty(Exact):  # type: ignore[type-arg]  # generic in the stubs only
    """`password=""`: whether there is no secret."""

    def get_prep_lookup(self) -> str:
        if self.rhs != "":
            raise FieldError("A secret is encrypted: nobody can search for its text.")
        return ""


def usable_keys() -> list[str]:
    """The keys to encrypt with. Raises KeyProblem, also for keys that other secrets of this
    database were not made with: nobody could read all of them then."""
    found = keyring.keys()
    noted = KeyNote.objects.first()
    if noted is not None and noted.fingerprint not in map(keyring.fingerprint, found):
        raise wrong_key(noted)
    return found


def wrong_key(noted: KeyNote) -> keyring.KeyProblem:
    return keyring.KeyProblem(
        f"{keyring.place()} holds another key (fingerprint "
        f"{', '.join(keyring.fingerprints())}) than the one that the secrets in this database are "
        f"encrypted with ({noted.fingerprint}). Put that one there, "
        "or see docs/secrets.md if it is lost."
    )
