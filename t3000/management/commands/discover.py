"""`manage.py discover`: asks the process that serves a network to look for devices, and tells what
it does and finds."""

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management import CommandError
from django.core.management.base import CommandParser
from django.utils import timezone

from devices.domain import differences, findings, jobs
from devices.domain.errors import NotPossible
from devices.domain.jobs import Part, Progress
from devices.domain.rights import Rights
from devices.enums import FindingKind, FindingState, JobState, NetworkProtocol
from devices.models import Finding, Job, Network, Scan, ScanStep, acting
from devices.models.device import LARGEST_INSTANCE
from devices.models.scan import search_of
from protocols.scanning import EVERYBODY
from t3000.domain.approval import approve
from t3000.management.as_somebody import RecordedCommand

LOOK = 0.5  # seconds between two looks at how far it is
WONDER = 10  # looks without anybody having begun
LAST_NETWORK = 65534
OPEN = (JobState.PENDING, JobState.RUNNING)


class Command(RecordedCommand):
    help = "Looks for devices, and tells what is done and found. The site must be running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--network",
            action="append",
            metavar="NAME",
            help="search this one; may be repeated; without: all that are switched on",
        )
        parser.add_argument("--low", type=_instance, metavar="N", help="lowest BACnet instance")
        parser.add_argument("--high", type=_instance, metavar="N", help="highest BACnet instance")
        parser.add_argument(
            "--behind",
            action="append",
            type=_number_of_network,
            metavar="N",
            default=[],
            help="number of a network behind a router; may be repeated; without: all",
        )
        parser.add_argument(
            "--object-name", default="", metavar="NAME", help="only who has an object of this name"
        )
        parser.add_argument(
            "--approve-all", action="store_true", help="take over all that these searches find"
        )
        parser.add_argument(
            "--wait",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="follow it to its end; --no-wait only asks for it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        low, high = options["low"], options["high"]
        if low is not None and high is not None and low > high:
            raise CommandError(f"--low {low} is above --high {high}.")
        if options["approve_all"] and not options["wait"]:
            raise CommandError("--approve-all needs the end of the search: leave out --no-wait.")
        search = search_of(low, high, options["behind"], options["object_name"])
        networks = _networks(options["network"], is_limited=search != EVERYBODY)
        now = timezone.now()
        try:
            job = jobs.ask(networks, search, by=acting.current(), now=now)
        except NotPossible as error:
            raise CommandError(str(error)) from None
        names = {one.pk: one.name for one in networks}
        if not options["wait"]:
            self.stdout.write(f"Asked for: job {job.pk}.")
            return
        progress = self._follow(job, names)
        scans = [part.scan for part in progress.parts if part.scan is not None]
        self._tell(scans)
        if options["approve_all"]:
            self._approve(scans)
        failed = [f"{names[one.network]}: {one.problem}" for one in progress.parts if one.problem]
        if failed:
            raise CommandError("; ".join(failed))

    def _follow(self, job: Job, names: dict[int, str]) -> Progress:
        """Tells steps as they come, until all is done."""
        last, looks = 0, 0
        while True:
            (progress,) = jobs.progress([job], Rights.at_shell(), timezone.now())
            last = self._tell_steps(progress.parts, names, after=last)
            if progress.state not in OPEN:
                return progress
            looks += 1
            waiting = [names[one.network] for one in progress.parts if one.scan is None]
            if waiting and looks == WONDER:
                self.stderr.write(
                    f"Nobody has begun on {', '.join(waiting)} yet. Is the site running, with a "
                    "field process that serves it?"
                )
            time.sleep(LOOK)

    def _tell_steps(self, parts: Sequence[Part], names: dict[int, str], *, after: int) -> int:
        """The number of the last that was told."""
        scans = {one.scan: names[one.network] for one in parts if one.scan is not None}
        for step in ScanStep.objects.filter(scan__in=scans, pk__gt=after).order_by("pk"):
            after = step.pk
            mark = "!" if step.is_problem else " "
            whose = f"{scans[step.scan_id]}: " if len(parts) > 1 else ""
            where = f" [{step.place}]" if step.place else ""
            packets = _packets(step)
            self.stdout.write(f"{step.time:%H:%M:%S} {mark} {whose}{step.text}{where}{packets}")
        return after

    def _tell(self, scan_ids: Sequence[int]) -> None:
        scans = Scan.objects.filter(pk__in=scan_ids).select_related("network")
        for scan in scans.order_by("network__name"):
            self.stdout.write(
                f"{scan.network}: {scan.heard} answered, {scan.described} told what they hold, "
                f"{scan.same} are as they were known."
            )
            found = Finding.objects.filter(scan=scan).exclude(state=FindingState.SUPERSEDED)
            order = found.order_by("kind", "instance", "address")
            for one in order.select_related("device").defer("description"):
                self.stdout.write(_line(one))

    def _approve(self, scan_ids: Sequence[int]) -> None:
        waiting = Finding.objects.filter(scan__in=scan_ids, state=FindingState.OPEN)
        ids, count = list(waiting.values_list("pk", flat=True)), 0
        try:
            for some in findings.in_parts(ids):
                count += len(approve(some, by=Rights.at_shell()))
        except NotPossible as error:
            raise CommandError(f"Approved {count}, and then none: {error}") from None
        self.stdout.write(f"Approved {count}.")


def _instance(text: str) -> int:
    return _number(text, 0, LARGEST_INSTANCE)


def _number_of_network(text: str) -> int:
    return _number(text, 1, LAST_NETWORK)


def _number(text: str, first: int, last: int) -> int:
    if not text.isdecimal() or not first <= int(text) <= last:
        raise argparse.ArgumentTypeError(f"{text}: choose {first} to {last:,}")
    return int(text)


def _networks(names: Sequence[str] | None, *, is_limited: bool) -> list[Network]:
    """A limited search is of those on BACnet/IP, unless others are named."""
    if names is None:
        used = Network.objects.filter(enabled=True)
        return list(used.filter(protocol=NetworkProtocol.BACNET) if is_limited else used)
    found = list(Network.objects.filter(name__in=names))
    unknown = set(names) - {one.name for one in found}
    if unknown:
        known = ", ".join(Network.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no network {min(unknown)}; there are: {known}.")
    return found


def _packets(step: ScanStep) -> str:
    return f" ({step.sent} out, {step.received} in)" if step.sent or step.received else ""


def _line(finding: Finding) -> str:
    kind, state = FindingKind(finding.kind).label, FindingState(finding.state).label
    told = "; ".join(_what(finding)) or f"{finding.points} points"
    problem = f"; {finding.problem}" if finding.problem else ""
    who = f"{finding.instance} {finding.name} at {finding.address}"
    return f"  {kind}: {who}: {told}{problem} - {str(state).lower()} (finding {finding.pk})"


def _what(finding: Finding) -> Iterator[str]:
    """How it differs from what is known."""
    device = finding.device
    if finding.kind == FindingKind.GONE:
        yield "did not answer"
    if finding.kind == FindingKind.MOVED and device and device.address != finding.address:
        yield f"was at {device.address}"
    if finding.differences:
        yield differences.in_words(finding.differences)
