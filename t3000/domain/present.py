"""Present values of many points, judged when they are asked for (as `queries.live_value` does for
one): as plain rows, and as the database filters and sorts by them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest
from orjson import Fragment, loads

from devices.domain.link import fresh, is_fresh
from devices.models import Command, Link
from protocols.types import Quality
from t3000.domain.text import value_text
from t3000.models import Point

PRESENT = ("value", "text", "units", "quality", "updated_at", "auto_manual")
JUDGED_FROM = (
    "device_id",
    "address",
    "units",
    "commandable",
    "current__value",
    "current__quality",
    "current__time",
)
COLUMNS: Mapping[str, str] = {"device": "device_id"}
JSON = ("states", "held")
USABLE = frozenset(int(quality) for quality in Quality if quality.usable)
COMM, STALE, OVERRIDDEN = int(Quality.COMM), int(Quality.STALE), int(Quality.OVERRIDDEN)
WORDS = {int(quality): quality.name.lower() for quality in Quality}
MANUAL = "manual"
MODES = {int(Quality.GOOD): "auto", OVERRIDDEN: MANUAL}  # the others do not tell
SILENT = (False, None)


def present_rows(
    points: QuerySet[Point], now: datetime, members: Sequence[str]
) -> list[dict[str, Any]]:
    """Points with these members, some of which are PRESENT: three queries, and no instance of a
    model for a point. `updated_at` is until when the value is known to be true; `held` goes into
    an answer as the database has it."""
    own = [COLUMNS.get(name, name) for name in members if name not in (*PRESENT, *JSON)]
    columns = list(dict.fromkeys((*JUDGED_FROM, *own)))
    place = {name: number for number, name in enumerate((*columns, *PRESENT, *JSON))}
    # One more than there are members, because of a single place it would make no tuple.
    pick = itemgetter(*(place[COLUMNS.get(name, name)] for name in members), 0)
    found = list(points.values_list(*columns, *(Cast(name, TextField()) for name in JSON)))
    devices = {row[0] for row in found}
    links = _links(devices, now)
    ours = _held(devices)
    rows = []
    for row in found:
        device, address, units, commandable, value, quality, time = row[:7]
        *plain, states, held = row
        is_new, seen = links.get(device, SILENT)
        if quality is None:
            quality = COMM
        elif quality in USABLE:
            if not is_new:
                quality, time = STALE, seen or time
            elif seen is not None and seen > time:
                time = seen
        texts = _parsed(states)
        text = value_text(value, units=units, states=texts, kind_of=address.partition(",")[0])
        is_ours = commandable and (device, address) in ours
        mode = MANUAL if is_ours else MODES.get(quality)
        told = None if value is None else time
        known = (value, text, units, WORDS[quality], told, mode, texts, held and Fragment(held))
        rows.append(dict(zip(members, pick((*plain, *known)), strict=False)))
    return rows


@lru_cache(maxsize=1000)
def _parsed(states: str) -> list[str]:
    """Most points share their texts with many others. Nobody changes the list."""
    texts: list[str] = loads(states)
    return texts


def _links(devices: set[int], now: datetime) -> dict[int, tuple[bool, datetime | None]]:
    """Whether what the devices said may be shown as their state now, and when they said it."""
    links = Link.objects.filter(pk__in=devices).select_related("device__network")
    return {link.pk: (is_fresh(link, now), link.last_seen_at) for link in links}


def _held(devices: set[int]) -> set[tuple[int, str]]:
    """What writes of ours hold, by device and address."""
    held = Command.objects.held().filter(device__in=devices)
    return set(held.values_list("device_id", "point"))


def judged(points: QuerySet[Point], now: datetime) -> QuerySet[Any]:
    """With `judged_quality` and `true_until`, as `present_rows` tells them, to filter and sort by;
    one query more for the poll intervals that there are."""
    is_new = fresh(now)
    is_old = Q(current__quality__in=USABLE) & ~is_new
    seen, time = F("device__link__last_seen_at"), F("current__time")
    return points.annotate(
        judged_quality=Case(
            When(current__isnull=True, then=Value(COMM)),
            When(is_old, then=Value(STALE)),
            default=F("current__quality"),
            output_field=IntegerField(),
        ),
        true_until=Case(
            When(current__value__isnull=True, then=Value(None)),
            When(is_old, then=Coalesce(seen, time)),
            When(current__quality__in=USABLE, then=Greatest(seen, time)),
            default=time,
            output_field=DateTimeField(),
        ),
    )


def of_quality(points: QuerySet[Point], word: str, now: datetime) -> QuerySet[Any]:
    """Those that are told with this quality now."""
    return judged(points, now).filter(judged_quality=Quality[word.upper()])


def in_hand(points: QuerySet[Point], is_manual: bool, now: datetime) -> QuerySet[Any]:
    """Those that a write of ours or the device itself says are Manual; or all others."""
    held = Command.objects.held()
    on_point = held.filter(device=OuterRef("device"), point=OuterRef("address"))
    ours = Point.objects.filter(
        Exists(on_point), device__in=held.values("device"), commandable=True
    )
    theirs = Point.objects.filter(fresh(now), current__quality=OVERRIDDEN)
    # Two small sets to look up: of 256,000 points ten times as quick as a condition on each.
    manual = Q(pk__in=ours.values("pk")) | Q(pk__in=theirs.values("pk"))
    return points.filter(manual if is_manual else ~manual)
