"""Forms of accounts: one's own, and those that an administrator sees to."""

import math
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.debug import sensitive_variables

from devices.domain import sign_in
from devices.domain.accounts import Wish, refuse_weak
from devices.enums import Role
from devices.models.token import NAME_LENGTH
from protocols.texts import clean

TOO_MANY = ngettext_lazy(
    "Too many failed tries. The next one is possible in %(minutes)d minute.",
    "Too many failed tries. The next one is possible in %(minutes)d minutes.",
    "minutes",
)
LIFETIMES = {
    "7": _("7 days"),
    "30": _("30 days"),
    "90": _("90 days"),
    "365": _("1 year"),
    "": _("Until revoked"),
}
NAMES = ("username", "name", "email")
ROLES = [("", _("No role")), *((role.word, role.label) for role in Role)]


def too_many(wait: int) -> ValidationError:
    """Says when the next try is possible."""
    return ValidationError(TOO_MANY, code="too_many", params={"minutes": math.ceil(wait / 60)})


def _password(label: Any, missing: Any) -> forms.CharField:
    return forms.CharField(strip=False, label=label, error_messages={"required": missing})


class PasswordForm(forms.Form):
    """A new password. The current one may be guessed no more often than at the sign-in."""

    current = _password(_("Current password"), _("Write your current password."))
    new = _password(_("New password"), _("Write a new password."))
    again = _password(_("New password again"), _("Write the new password again."))
    wait = 0  # seconds until the next try

    def __init__(self, user: User, address: str, *args: Any) -> None:
        super().__init__(*args)
        self.user = user
        self.address = address

    @sensitive_variables()
    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        name = self.user.get_username()
        self.wait = sign_in.begin_try(name, self.address)
        if self.wait:
            raise too_many(self.wait)
        if not self.user.check_password(current):
            sign_in.fail(name, self.address)
            raise ValidationError(_("This is not your current password."))
        sign_in.succeed(name, self.address)
        return current

    @sensitive_variables()
    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        if new == self.cleaned_data.get("current"):
            raise ValidationError(_("This is the password that you have; choose another one."))
        refuse_weak(new, self.user)
        return new

    @sensitive_variables()
    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.data.get("new"):
            raise ValidationError(_("The two new passwords differ."))
        return again


class TokenForm(forms.Form):
    """A new token: which program it is for, and how long it holds."""

    name = forms.CharField(
        max_length=NAME_LENGTH,
        label=_("For which program"),
        error_messages={
            "required": _("Write which program it is for, so that it can be told from others."),
            "max_length": _("At most %(limit_value)d characters; this has %(show_value)d."),
        },
    )
    days = forms.ChoiceField(
        choices=list(LIFETIMES.items()),
        required=False,
        initial="90",
        label=_("Holds for"),
        error_messages={"invalid_choice": _("Choose one of these times.")},
    )

    def clean_name(self) -> str:
        name = clean(self.cleaned_data["name"])
        if not name:
            raise ValidationError(self.fields["name"].error_messages["required"])
        return name

    def clean_days(self) -> str:
        """A time that is not sent is not "until revoked"."""
        if "days" not in self.data:
            raise ValidationError(self.fields["days"].error_messages["invalid_choice"])
        days: str = self.cleaned_data["days"]
        return days


class AccountForm(forms.Form):
    """Somebody's account, as an administrator sees it: what it is, and a role for each site at
    which they may give any. Who may not change the account itself has the roles only."""

    username = forms.CharField(
        max_length=150,
        label=_("User name"),
        error_messages={"required": _("Write a user name, such as anna.")},
    )
    name = forms.CharField(required=False, max_length=150, label=_("Name"))
    email = forms.EmailField(
        required=False,
        label=_("E-mail"),
        error_messages={"invalid": _("Write an address such as anna@example.org.")},
    )
    password = forms.CharField(
        required=False,
        strip=False,
        max_length=128,
        label=_("Password"),
        help_text=_(
            "At least 10 characters of any kind; not a common password, not their name, not digits "
            "alone."
        ),
    )
    active = forms.BooleanField(required=False, label=_("May sign in"))

    def __init__(
        self, sites: Mapping[int | None, str], *args: Any, roles_only: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        if roles_only:
            self.fields.clear()
        self.sites = {f"role_{site or 'all'}": site for site in sites}
        for field, site in self.sites.items():
            self.fields[field] = forms.ChoiceField(
                choices=ROLES,
                required=False,
                label=sites[site],
                error_messages={"invalid_choice": _("Choose one of the roles.")},
            )

    @property
    def role_fields(self) -> list[Any]:
        return [self[field] for field in self.sites]

    @property
    def own_fields(self) -> list[Any]:
        """What is written as text."""
        return [self[name] for name in (*NAMES, "password") if name in self.fields]

    def wish(self) -> Wish:
        """Call it when the form is valid. An empty password stays as it is."""
        asked = self.cleaned_data
        chosen = {site: asked[field] for field, site in self.sites.items()}
        own = {name: asked[name] for name in (*NAMES, "active") if name in asked}
        return Wish(
            roles={site: Role.named(word) for site, word in chosen.items() if word},
            password=asked.get("password") or None,
            **own,
        )
