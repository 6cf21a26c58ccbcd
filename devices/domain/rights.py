"""What a user may see and do. Every row that belongs to a site is seen by those who have a role
there, and by nobody else: to them it does not exist.

Superusers are administrators of every site.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet

from devices.enums import Role
from devices.models import RoleAssignment

Row = TypeVar("Row", bound=Model)

AT_A_SITE = "at a site"
AT_ALL_SITES = "at all sites"


class Lacks(Exception):
    """The role is not enough; says which would be, and for what."""

    def __init__(self, role: Role, what: str = "", *, where: str = "at this site") -> None:
        self.role = role
        need = f"You need the role {role.word} {where}{what and f' {what}'}"
        super().__init__(f"{need}; an administrator can give it to you.")


@dataclass(frozen=True, slots=True)
class Rights:
    """The roles of a user, as they were when they were asked for."""

    user_id: int | None
    everywhere: Role | None = None  # at every site
    at_sites: Mapping[int, Role] = field(default_factory=dict)  # by site id

    @classmethod
    def at_shell(cls) -> "Rights":
        """Of who types commands on the server: there is nothing that they could not do."""
        return cls(None, Role.ADMINISTRATOR)

    @classmethod
    def of(cls, user: User | AnonymousUser | Any) -> "Rights":
        if not user.is_authenticated or not user.is_active:
            return cls(None)
        if user.is_superuser:
            return cls(user.pk, Role.ADMINISTRATOR)
        rows = RoleAssignment.objects.filter(user=user.pk).values_list("site_id", "role")
        roles = {site_id: Role(role) for site_id, role in rows}
        return cls(user.pk, roles.pop(None, None), roles)

    def role_at(self, site_id: int | None) -> Role | None:
        """The role at a site; with None what belongs to no site."""
        here = None if site_id is None else self.at_sites.get(site_id)
        return max((role for role in (here, self.everywhere) if role is not None), default=None)

    def sites(self, role: Role = Role.VIEWER) -> frozenset[int] | None:
        """Ids of the sites where the user has at least this role. None: all of them."""
        if self.everywhere is not None and self.everywhere >= role:
            return None
        return frozenset(site_id for site_id, here in self.at_sites.items() if here >= role)

    def visible(self, rows: QuerySet[Row], role: Role = Role.VIEWER) -> QuerySet[Row]:
        """Those of the rows where the user has at least this role. What belongs to no site
        everybody sees."""
        path: str = rows.model.site_path  # type: ignore[attr-defined]  # AttributeError: not served
        site_ids = self.sites(role)
        if not path or site_ids is None:
            return rows
        return rows.filter(**{f"{path}__in": site_ids})

    def anywhere(self, role: Role) -> bool:
        """Whether the user has at least this role at some site."""
        return self.sites(role) != frozenset()

    def require_somewhere(self, role: Role) -> None:
        """Raises Lacks."""
        if not self.anywhere(role):
            raise Lacks(role, where=AT_A_SITE)

    def may(self, role: Role, site_id: int | None) -> bool:
        here = self.role_at(site_id)
        return here is not None and here >= role

    def require(self, role: Role, site_id: int | None) -> None:
        """Raises Lacks."""
        if not self.may(role, site_id):
            raise Lacks(role, where=AT_ALL_SITES) if site_id is None else Lacks(role)
