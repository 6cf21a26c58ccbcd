"""Rows of one's own sessions and tokens, as the page shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from devices.domain import accounts
from devices.domain.rights import Rights
from devices.models import ApiToken, Session, Site
from t3000.domain.queries import milliseconds

# The first that is found: most browsers name others, too.
BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: int
    browser: str
    agent: str
    address: str
    since: int
    seen: int
    is_this: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    id: int
    name: str
    made: int
    ends: int | None
    has_ended: bool
    used: int | None
    used_from: str


def session_rows(rows: Iterable[Session], this_key: str | None) -> list[SessionRow]:
    """This browser first."""
    made = [
        SessionRow(
            id=row.pk,
            browser=browser_name(row.user_agent),
            agent=row.user_agent,
            address=row.address or "",
            since=milliseconds(row.since),
            seen=milliseconds(row.seen_at),
            is_this=row.session_key == this_key,
        )
        for row in rows
    ]
    return sorted(made, key=lambda row: not row.is_this)


def token_rows(rows: Iterable[ApiToken]) -> list[TokenRow]:
    now = timezone.now()
    return [
        TokenRow(
            id=row.pk,
            name=row.name,
            made=milliseconds(row.created_at),
            ends=_milliseconds(row.expires_at),
            has_ended=row.expires_at is not None and row.expires_at <= now,
            used=_milliseconds(row.used_at),
            used_from=row.used_from or "",
        )
        for row in rows
    ]


def browser_name(agent: str) -> str:
    """A browser in people's words, as far as it says what it is: Firefox on Windows."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or agent.partition("/")[0][:30] or "Unknown browser"


def _milliseconds(when: datetime | None) -> int | None:
    return None if when is None else milliseconds(when)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Somebody's account. `roles`: (where, as what) at the sites whose roles one sees; times in ms
    UTC."""

    id: int
    username: str
    name: str
    email: str
    active: bool
    roles: list[tuple[str, str]]
    last_login: int | None
    sessions: int

    @property
    def words(self) -> str:
        """What the list is filtered by."""
        return " ".join((self.username, self.name, self.email, *(site for site, _ in self.roles)))


def account_rows(rights: Rights, now: datetime) -> list[AccountRow]:
    """By user name, in as many queries as for one."""
    seen = accounts.seen(rights)
    roles = accounts.roles_of(seen, rights)
    sites: dict[int | None, str] = {None: "All sites"}
    sites.update(Site.objects.values_list("pk", "name"))
    going_on = Count("sessions", filter=Q(sessions__expire_date__gt=now))
    return [
        AccountRow(
            id=user.pk,
            username=user.get_username(),
            name=user.get_full_name(),
            email=user.email,
            active=user.is_active,
            roles=[
                *([("All sites", "Superuser")] if user.is_superuser else []),
                *((sites[site], str(role.label)) for site, role in roles.get(user.pk, {}).items()),
            ],
            last_login=_milliseconds(user.last_login),
            sessions=user.session_count,
        )
        for user in seen.annotate(session_count=going_on).order_by("username", "pk")
    ]
