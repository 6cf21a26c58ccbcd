"""Searches for devices as their page shows them: what one means, what it did and what it found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.domain import differences, scans
from devices.enums import FindingKind, FindingState, StepKind
from devices.models import Finding, Network, Scan, ScanStep
from t3000.domain.queries import milliseconds

MOST_FINDINGS = 1000  # on the page
MOST_STEPS = 1000
LAST_STEPS = 30  # while the search runs
MOST_TOLD = 50  # differences of one device, in full
Words = str | Promise

TITLES: dict[str, tuple[Words, Words]] = {  # what a kind is called, and what approving it does
    FindingKind.NEW: (
        gettext_lazy("New"),
        gettext_lazy("approving adds the device with its points"),
    ),
    FindingKind.CHANGED: (
        gettext_lazy("Changed"),
        gettext_lazy("approving takes over what the device tells now"),
    ),
    FindingKind.MOVED: (
        gettext_lazy("Moved"),
        gettext_lazy("approving reads the device where it answers now"),
    ),
    FindingKind.GONE: (
        gettext_lazy("Gone"),
        gettext_lazy("approving switches the device off; nothing is deleted"),
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a verdict."""

    text: str
    is_problem: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a search means. `key` is for styles: none, waiting, running, failed, look, well."""

    key: str
    icon: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """`decided`: what became of it, in words; empty: it is still to be decided."""

    id: int
    name: str
    device: int | None  # the id of its page
    instance: int
    address: str
    maker: str
    told: str
    more: list[str]  # its differences in full
    problem: str
    found: int
    decided: str
    decided_at: int | None
    is_open: bool
    is_choosable: bool
    words: str


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one kind."""

    key: str
    title: Words
    meaning: Words
    rows: list[FindingRow]

    @property
    def open_count(self) -> int:
        return sum(row.is_open for row in self.rows)


@dataclass(frozen=True, slots=True)
class ScanRow:
    """A search in the list of the last ones."""

    id: int
    started: int
    who: str
    found: str
    is_running: bool
    is_problem: bool


def verdict(
    network: Network, scan: Scan | None, steps: Sequence[ScanStep], *, is_waiting: bool
) -> Verdict:
    """`steps` are those of its advice."""
    if is_waiting:
        return Verdict("waiting", "arrow-repeat", [Line(_waiting_for(network), is_problem=False)])
    if scan is None:
        told = _("This network was not searched yet.")
        return Verdict("none", "search", [Line(told, is_problem=False)])
    if scan.is_running:
        told = _("Looking for devices: {heard} answered, {described} told what they hold.")
        heard = max(scan.heard, scan.described)
        text = told.format(heard=heard, described=scan.described)
        return Verdict("running", "arrow-repeat", [Line(text, is_problem=False)])
    lines = [Line(step.text, step.is_problem) for step in steps]
    if scan.problem:
        lines.insert(0, Line(_sentence(scan.problem), is_problem=True))
        return Verdict("failed", "exclamation-triangle-fill", lines)
    if any(line.is_problem for line in lines):
        return Verdict("look", "exclamation-triangle-fill", lines)
    if not lines:
        lines = [Line(_("The search is over."), is_problem=False)]
    return Verdict("well", "check-lg", lines)


def _waiting_for(network: Network) -> str:
    if not network.enabled:
        return _("The network is switched off: nobody searches it.")
    if not scans.is_served(network):
        return _("Waiting: no process serves this network now. Is the field process running?")
    return _("Waiting to begin.")


def _sentence(text: str) -> str:
    end = "" if text.endswith((".", "!", "?")) else "."
    return f"{text[:1].upper()}{text[1:]}{end}"


def finding_groups(found: Sequence[Finding], *, may_decide: bool) -> list[FindingGroup]:
    """By kind; what is to be decided first."""
    rows: dict[str, list[FindingRow]] = {kind: [] for kind in TITLES}
    for one in sorted(found, key=lambda one: (one.state != FindingState.OPEN, one.instance)):
        rows[one.kind].append(_finding_row(one, may_decide=may_decide))
    return [FindingGroup(kind, *TITLES[kind], of_kind) for kind, of_kind in rows.items() if of_kind]


def _finding_row(one: Finding, *, may_decide: bool) -> FindingRow:
    maker = " ".join(filter(None, (one.vendor_name, one.model_name)))
    name = one.name or f"Device {one.instance}"
    is_undecided = one.state in (FindingState.OPEN, FindingState.DISMISSED)
    return FindingRow(
        id=one.pk,
        name=name,
        device=one.device_id,
        instance=one.instance,
        address=one.address,
        maker=maker or (f"vendor {one.vendor_id}" if one.vendor_id else ""),
        told=_told(one),
        more=[_in_full(told) for told in one.differences[:MOST_TOLD]],
        problem=one.problem,
        found=milliseconds(one.found_at),
        decided=_decided(one),
        decided_at=milliseconds(one.decided_at) if one.decided_at else None,
        is_open=one.state == FindingState.OPEN,
        is_choosable=may_decide and is_undecided,
        words=f"{name} {one.instance} {one.address} {maker}",
    )


def _told(one: Finding) -> str:
    """What is otherwise, in a line."""
    words = differences.in_words(one.differences)
    if one.kind == FindingKind.GONE:
        return _("did not answer")
    if one.kind == FindingKind.MOVED:
        was = one.device.address if one.device and one.device.address != one.address else ""
        return "; ".join(filter(None, (_("was at %s") % was if was else "", words)))
    if words:
        return words
    return _("%d points") % one.points if one.points else ""


def _in_full(told: Mapping[str, Any]) -> str:
    what = " ".join(filter(None, (told["address"], told["field"].replace("_", " "))))
    if told["field"]:
        was, now = (_shown(told[name]) for name in ("was", "now"))
        return f"{what}: {was} → {now}"
    if told["was"] is None:
        return f"+ {what} {told['now']}"
    return f"− {what} {told['was']}"


def _shown(value: Any) -> str:
    if value in (None, "", []):
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _decided(one: Finding) -> str:
    if one.state == FindingState.OPEN:
        return ""
    label = str(FindingState(one.state).label)
    return f"{label} by {one.decided_by}" if one.decided_by else label


def scan_rows(network: Network) -> list[ScanRow]:
    """The last searches of a network, the latest first."""
    kinds = {kind.value: Count("findings", filter=Q(findings__kind=kind)) for kind in FindingKind}
    bad = Count("steps", filter=Q(steps__kind=StepKind.ADVICE, steps__is_problem=True))
    found = Scan.objects.filter(network=network).annotate(**kinds).order_by("-pk")
    troubled = dict(Scan.objects.filter(network=network).annotate(bad=bad).values_list("pk", "bad"))
    return [
        ScanRow(
            id=one.pk,
            started=milliseconds(one.started_at),
            who=one.username,
            found=_found_words(one),
            is_running=one.is_running,
            is_problem=bool(one.problem or troubled.get(one.pk)),
        )
        for one in found[: 2 * scans.KEPT]
    ]


def _found_words(one: Any) -> str:
    counts = [(getattr(one, kind.value), str(kind.label).lower()) for kind in FindingKind]
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    if one.problem:
        return _("failed")
    return told or (_("%d as known") % one.same if one.same else _("nobody answered"))


def asked_words(scan: Scan) -> str:
    """Whom it asked, where not everybody."""
    parts = []
    if scan.low is not None or scan.high is not None:
        first, last = scan.low or 0, scan.high
        end = f"{last}" if last is not None else _("the highest")
        parts.append(_("instances {first} to {last}").format(first=first, last=end))
    if scan.behind:
        parts.append(_("networks %s") % ", ".join(map(str, scan.behind)))
    if scan.object_name:
        parts.append(_("who has an object %s") % scan.object_name)
    return "; ".join(parts)


def seconds(scan: Scan, now: datetime) -> float:
    """How long it took, or has taken so far."""
    return ((scan.ended_at or now) - scan.started_at).total_seconds()
