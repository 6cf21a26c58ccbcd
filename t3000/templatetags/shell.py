"""Template tags of the shell, built into every template."""

import re
import zoneinfo
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from devices.live_rows import CommandStatus
from t3000.domain.queries import milliseconds
from t3000.views import states
from t3000.views.states import Group, State

NEVER = "–"  # as clock.js has it
register = template.Library()
register.filter("milliseconds", milliseconds)


@register.filter
def initials(name: str) -> str:
    """Two letters for a user: JB for j.brandt."""
    words: list[str] = re.findall(r"[^\W_]+", name) or ["?"]
    first, *others = words
    return (first[0] + others[-1][0] if others else first[:2]).upper()


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite, decorative: the word beside it says what it means."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css,
        static("ui/icons.svg"),
        name,
    )


@register.simple_tag
def age(since: int, hook: str = "") -> SafeString:
    """How long ago a time in ms UTC was; clock.js keeps it true, live.js what `hook` stands for."""
    seconds = timezone.now().timestamp() - since / 1000
    return format_html(
        '<time data-age="{}" {}>{}</time>', since, hook, age_text(max(0, round(seconds)))
    )


def age_text(seconds: int) -> str:
    """The two largest units; clock.js says it alike."""
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


@register.simple_tag(takes_context=True)
def moment(context: template.Context, when: int | None, zone_name: str = "") -> SafeString:
    """A time in ms UTC on the clock of its place: with its date unless that is today, and with the
    city of a zone that is not the page's. None: it has not come."""
    if when is None:
        return format_html('<time data-moment="">{}</time>', NEVER)
    zone_name = zone_name or context["time_zone"]
    zone = zoneinfo.ZoneInfo(zone_name)
    local = datetime.fromtimestamp(when / 1000, UTC).astimezone(zone)
    today = timezone.now().astimezone(zone)
    if local.date() == today.date():
        text = f"{local:%H:%M:%S}"
    else:
        year = "" if local.year == today.year else f" {local.year}"
        text = f"{local.day} {local:%b}{year} {local:%H:%M}"
    text += elsewhere(zone_name, context["time_zone"])
    return format_html('<time data-moment="{}">{}</time>', when, text)


def elsewhere(zone_name: str, of_page: str) -> str:
    """The city of a zone that is not the page's; clock.js says it alike."""
    city = zone_name.rpartition("/")[2].replace("_", " ")
    return "" if zone_name == of_page else f" {city}"


@register.inclusion_tag("components/_badge.html")
def badge(state: State, since: int | None = None) -> dict[str, Any]:
    """A state, and if that is worth saying since when (ms UTC)."""
    return {"state": state, "since": since if state.is_timed else None}


@register.inclusion_tag("components/_badge_templates.html")
def badge_templates() -> dict[str, Any]:
    """One badge of each state for live.js to copy; those of points with their code."""
    coded = [(state, code.value) for code, state in states.POINT_STATES.items()]
    uncoded = (*states.DEVICE_STATES.values(), states.NOT_READ, states.SILENT, states.NOT_LIVE)
    others = [(state, None) for state in uncoded]
    badges = [
        {"state": state, "quality": quality, "since": 0 if state.is_timed else None}
        for state, quality in [*coded, *others]
    ]
    return {"badges": badges}


@register.inclusion_tag("components/_chips.html")
def chips(groups: Iterable[Group], rows: Sequence[set[str]]) -> dict[str, Any]:
    """Filter chips with the number of rows behind each, told by their keys; filter.js keeps them
    true."""
    counts = [(group, sum(not keys.isdisjoint(group.keys) for keys in rows)) for group in groups]
    return {"total": len(rows), "counts": counts}


@register.simple_tag(takes_context=True)
def hold_text(context: template.Context, hold: CommandStatus) -> str:
    """Who holds a point of the device and for how long: "until 18:00 by anna". commands.js says it
    alike."""
    until = until_text(hold.until, context["device"].zone, context["time_zone"])
    return f"{until} by {hold.by}"


def until_text(until: int | None, zone_name: str, of_page: str) -> str:
    """An end on the clock of its place, with its day unless that is today; clock.js says it
    alike."""
    if until is None:
        return "no end,"
    zone = zoneinfo.ZoneInfo(zone_name)
    local = datetime.fromtimestamp(until / 1000, UTC).astimezone(zone)
    is_today = local.date() == timezone.now().astimezone(zone).date()
    day = "" if is_today else f"{local.day} {local:%b} "
    return f"until {day}{local:%H:%M}{elsewhere(zone_name, of_page)}"


@register.filter
def hold_title(hold: CommandStatus) -> str:
    """What else there is to say of it."""
    return "; ".join(filter(None, [hold.note, f"priority {hold.priority}", hold.message]))


@register.inclusion_tag("components/_command_templates.html")
def command_templates() -> dict[str, Any]:
    """How far a command can be, for commands.js to copy: each of its states with its words."""
    words = {str(state): shown for state, shown in states.COMMAND_STATES.items()}
    return {"states": {**words, "unseen": states.UNSEEN}}
