"""Who may come in, and as what: accounts with their roles, and who may change them.

Administrators of all sites manage every account. An administrator of some sites manages those whose
roles are all there; of others who have a role there they see the account and its roles there, and
may change these. Nobody gives more than they have. One administrator of all sites is always left.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from devices.domain import sessions, tokens
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks, Rights
from devices.enums import Role
from devices.live import CLOSE_CHANGED
from devices.models import RoleAssignment, Site
from devices.models.users import TOLD, differences, values

ADMINISTRATOR = "admin"
RIGHT = {  # what Django calls invalid
    "username": "A user name has only letters, digits and @ . + - _; write one such as anna.",
    "email": "This is no e-mail address; write one such as anna@example.org.",
}

Roles = Mapping[int | None, Role]  # by site; None: all sites


class BadAccount(ValueError):
    """Nothing was stored, for these reasons, by field."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {' '.join(told)}" for name, told in problems.items()))


@dataclass(frozen=True, slots=True)
class Wish:
    """What an account shall be. What is None stays as it is."""

    username: str | None = None
    name: str | None = None
    email: str | None = None
    active: bool | None = None
    password: str | None = None
    roles: Roles | None = None


def create_first_administrator(password: str = "") -> str | None:
    """Makes `admin` where there is no user at all; returns the password, random unless given.

    None: there are users, nothing is changed. Raises ValidationError for a weak password.
    """
    users = get_user_model()
    if users.objects.exists():
        return None
    if password:
        refuse_weak(password, users(username=ADMINISTRATOR))
    password = password or secrets.token_urlsafe(12)
    with transaction.atomic():
        users.objects.create_superuser(ADMINISTRATOR, password=password)
    return password


def seen(rights: Rights) -> QuerySet[User]:
    """One's own account, those that one manages, and of others those with a role at one's sites."""
    sites = rights.sites(Role.ADMINISTRATOR)
    if sites is None:
        return User.objects.all()
    return User.objects.filter(Q(pk=rights.user_id) | Q(pk__in=_with_roles(site__in=sites)))


def managed(rights: Rights) -> QuerySet[User]:
    """Those that one may rename, lock out, delete, and whose sessions and tokens one may end."""
    sites = rights.sites(Role.ADMINISTRATOR)
    if sites is None:
        return User.objects.all()
    elsewhere = RoleAssignment.objects.filter(Q(site__isnull=True) | ~Q(site__in=sites))
    return User.objects.filter(pk__in=_with_roles(site__in=sites), is_superuser=False).exclude(
        pk__in=elsewhere.values("user")
    )


def own_and_managed(rights: Rights) -> QuerySet[User]:
    """Those whose sessions and tokens one sees and may end."""
    return User.objects.filter(Q(pk=rights.user_id) | Q(pk__in=managed(rights).values("pk")))


def at_site(users: QuerySet[User], site_id: int, rights: Rights) -> QuerySet[User]:
    """Those of the users who have a role at the site, or at all of them; nobody for who is no
    administrator there."""
    if not rights.may(Role.ADMINISTRATOR, site_id):
        return users.none()
    here = RoleAssignment.objects.filter(Q(site=site_id) | Q(site__isnull=True))
    return users.filter(Q(is_superuser=True) | Q(pk__in=here.values("user")))


def _with_roles(**where: Any) -> Any:
    return RoleAssignment.objects.filter(**where).values("user")


def to_give(rights: Rights) -> dict[int | None, str]:
    """The sites at which the user may give roles, by name; None: all sites together."""
    sites = rights.visible(Site.objects.all(), Role.ADMINISTRATOR)
    every = {None: "All sites"} if rights.may(Role.ADMINISTRATOR, None) else {}
    return {**every, **dict(sites.values_list("pk", "name"))}


@transaction.atomic
def create(wish: Wish, *, by: Rights) -> User:
    """Raises BadAccount or Lacks."""
    by.require_somewhere(Role.ADMINISTRATOR)
    if not wish.roles and not by.may(Role.ADMINISTRATOR, None):
        raise BadAccount({"roles": ["Give a role at one of your sites."]})
    if wish.password is None:
        raise BadAccount({"password": ["This is required."]})
    user = User()
    _take(user, wish)
    user.set_password(wish.password)
    user.save()
    _give(user, wish.roles or {}, by)
    return user


@transaction.atomic
def update(user: User, wish: Wish, *, by: Rights) -> None:
    """Raises BadAccount, Lacks, or NotPossible for the last administrator. `user` is one that
    the other sees."""
    by.require_somewhere(Role.ADMINISTRATOR)
    with _administrator_stays():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        before = values(user)
        _take(user, wish)
        changes = differences(before, values(user))
        if changes or wish.password is not None:
            _require_all(user, by)
        if changes:
            user.save()
        if wish.password is not None:
            _set_password(user, wish.password)
        if "active" in changes and not user.is_active:
            _let_out(user)
        if wish.roles is not None:
            _give(user, wish.roles, by)


@transaction.atomic
def delete(user: User, *, by: Rights) -> None:
    """Raises Lacks, or NotPossible for the last administrator. What they did stays told."""
    _require_all(user, by)
    with _administrator_stays():
        _let_out(user)
        RoleAssignment.objects.filter(user=user).delete()
        user.delete()


@transaction.atomic
def change_password(user: User, password: str, *, keep_session: str | None = None) -> None:
    """Ends all sessions of the user but the one to keep; tokens stay. Raises ValidationError for a
    weak password."""
    refuse_weak(password, user)
    _set_password(user, password, keep_session)


@transaction.atomic
def grant(user: User, role: Role | None, site: Site | None) -> None:
    """Gives the role at the site, without one at all sites, instead of the one that there is;
    None takes it away. Raises NotPossible for the last administrator."""
    rows = RoleAssignment.objects.filter(user=user, site=site)
    with _administrator_stays():
        if role is None:
            rows.delete()
        elif not rows.update(role=role):
            RoleAssignment.objects.create(user=user, site=site, role=role)
        sessions.close_sockets(user.pk, CLOSE_CHANGED)


def roles_of(users: QuerySet[User], by: Rights) -> dict[int, dict[int | None, Role]]:
    """Of each user, at the sites whose roles one sees: where one is an administrator, and of
    oneself all."""
    rows = RoleAssignment.objects.filter(user__in=users.order_by().values("pk"))
    sites = by.sites(Role.ADMINISTRATOR)
    if sites is not None:
        rows = rows.filter(Q(site__in=sites) | Q(user=by.user_id))
    found: dict[int, dict[int | None, Role]] = {}
    for user_id, site_id, role in rows.order_by("site__name").values_list("user", "site", "role"):
        found.setdefault(user_id, {})[site_id] = Role(role)
    return found


def _take(user: User, wish: Wish) -> None:
    """Raises BadAccount."""
    for name, column in TOLD.items():
        value = getattr(wish, name)
        if value is not None:
            setattr(user, column, value)
    if wish.name is not None:
        user.last_name = ""
    problems: dict[str, list[str]] = {}
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        names = {column: name for name, column in TOLD.items()}
        problems = {
            names.get(field, field): [_told(field, one) for one in wrong]
            for field, wrong in error.error_dict.items()
        }
    if wish.password is not None:
        try:
            refuse_weak(wish.password, user)
        except ValidationError as error:
            problems["password"] = list(error.messages)
    if problems:
        raise BadAccount(problems)


def _told(field: str, error: ValidationError) -> str:
    return RIGHT[field] if error.code == "invalid" and field in RIGHT else " ".join(error.messages)


def refuse_weak(password: str, user: User) -> None:
    """Raises ValidationError. What Django calls the first name is the whole name here."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        told = [message.replace("first name", "name") for message in error.messages]
        raise ValidationError(told) from None


def _give(user: User, roles: Roles, by: Rights) -> None:
    """These and no others at the sites where one may give any; what is elsewhere stays."""
    sites = to_give(by)
    for site_id in roles.keys() - sites.keys():
        _refuse_site(site_id, by)
    before = {one.site_id: one for one in RoleAssignment.objects.filter(user=user)}
    for site_id, one in before.items():
        if site_id in sites and site_id not in roles:
            one.delete()
    for site_id, role in roles.items():
        known = before.get(site_id)
        if known is None:
            RoleAssignment.objects.create(user=user, site_id=site_id, role=role)
        elif known.role != role:
            known.role = role
            known.save()
    sessions.close_sockets(user.pk, CLOSE_CHANGED)


def _refuse_site(site_id: int | None, by: Rights) -> None:
    """Raises BadAccount, or Lacks where it is no secret that there is such a site."""
    if site_id is None:
        what = "Roles at all sites are given by administrators of all sites."
        raise BadAccount({"roles": [what]})
    if not by.visible(Site.objects.filter(pk=site_id)).exists():
        raise BadAccount({"roles": [f"There is no site {site_id}."]})
    raise Lacks(Role.ADMINISTRATOR)


def _require_all(user: User, by: Rights) -> None:
    if not managed(by).filter(pk=user.pk).exists():
        raise Lacks(Role.ADMINISTRATOR, "and wherever else the account has a role")


def _set_password(user: User, password: str, keep_session: str | None = None) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    sessions.end_all(user, except_key=keep_session)


def _let_out(user: User) -> None:
    sessions.end_all(user)
    tokens.revoke_all(user)


@contextmanager
def _administrator_stays() -> Iterator[None]:
    """Raises NotPossible if what is done leaves nobody who could give roles at all sites. Two who
    would take it from each other wait for each other."""
    chiefs = _with_roles(site__isnull=True, role=Role.ADMINISTRATOR)
    all_chiefs = User.objects.filter(Q(is_superuser=True) | Q(pk__in=chiefs), is_active=True)
    had_one = bool(list(all_chiefs.order_by("pk").select_for_update(no_key=True)))
    yield
    if had_one and not all_chiefs.exists():
        raise NotPossible(
            "This is the last administrator of all sites: make somebody else one before."
        )
