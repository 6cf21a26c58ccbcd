"""`manage.py discover`: it asks, the field does, it tells."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from devices.domain import scans
from devices.enums import FindingState, LinkState
from devices.models import AuditEntry, Device, Finding, Job, Network, Scan
from protocols.scanning import ScanStep, Search, StepKind
from protocols.types import FoundDevice
from t3000 import field
from t3000.management.commands import discover
from tests.factories import make_device, make_network
from tests.t3000.test_found import OTHER, at, found

pytestmark = pytest.mark.django_db


class Field:
    """What the field process does between two looks."""

    def __init__(self) -> None:
        self.turns: list[Callable[[], None]] = []
        self.begun: list[Scan] = []

    def sleep(self, _seconds: float) -> None:
        if self.turns:
            self.turns.pop(0)()

    def begin(self, network: Network) -> None:
        scan = scans.begin(network.pk, timezone.now())
        assert scan is not None
        self.begun.append(scan)

    def tell(self, kind: StepKind, text: str, **fields: Any) -> None:
        step = ScanStep(kind, timezone.now(), text, **fields)
        scans.record_steps([(self.begun[-1].pk, step)])

    def find(self, *met: FoundDevice) -> None:
        field.store_found([field.Found(self.begun[-1].pk, one) for one in met])

    def end(self, problem: str = "") -> None:
        field.store_discovery_end(self.begun[-1].pk, problem)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Field:
    its = Field()
    monkeypatch.setattr(discover.time, "sleep", its.sleep)
    return its


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("discover", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_steps_are_told_as_they_come_and_then_what_differs(site: Field) -> None:
    network = make_network(name="Plant")
    site.turns = [
        lambda: site.begin(network),
        lambda: site.tell(StepKind.ASKED, "Who-Is", sent=1),
        lambda: site.find(found(OTHER)),
        lambda: site.tell(StepKind.DOUBLED, "Twice", place="10.0.0.5", is_problem=True),
        site.end,
    ]
    out, err = run("--low", "1", "--high", "99", "--behind", "2001", "--object-name", "OAT")
    lines = out.splitlines()
    assert [line[9:] for line in lines[:2]] == ["  Who-Is (1 out, 0 in)", "! Twice [10.0.0.5]"]
    number = Finding.objects.get().pk
    assert lines[2:] == [
        "Plant: 1 answered, 1 told what they hold, 0 are as they were known.",
        f"  New: 11 Weather at 127.0.0.11:47809: 2 points - open (finding {number})",
    ]
    assert err == ""
    assert Job.objects.get().search == Search(range(1, 100), (2001,), "OAT")
    assert not Device.objects.exists()


def test_what_differs_is_told_by_network(site: Field) -> None:
    roof, plant = make_network(name="Roof", port=47810), make_network(name="Plant")
    for number in (11, 12):
        place = {"instance": number, "address": f"127.0.0.{number}:47809"}
        lost = {"state": LinkState.OFFLINE, "heard_at": None}
        make_device(network=plant, name="Weather", link=lost, **place)
    site.turns = [
        lambda: site.begin(roof),
        lambda: site.find(found(OTHER)),
        site.end,
        lambda: site.begin(plant),
        lambda: site.find(found(at(OTHER, "127.0.0.99:47809"))),
        site.end,
    ]
    out, _ = run()
    told = [line for line in out.splitlines() if line.startswith(("Plant:", "Roof:", "  "))]
    assert [line.split(" - ")[0].split("; ")[0] for line in told] == [
        "Plant: 1 answered, 1 told what they hold, 0 are as they were known.",
        "  Gone: 12 Weather at 127.0.0.12:47809: did not answer",
        "  Moved: 11 Weather at 127.0.0.99:47809: was at 127.0.0.11:47809",
        "Roof: 1 answered, 1 told what they hold, 0 are as they were known.",
        "  New: 11 Weather at 127.0.0.11:47809: 2 points",
    ]


def test_all_can_be_approved(site: Field) -> None:
    network = make_network()
    two = found(OTHER), found(at(OTHER, "127.0.0.12:47809", 12))
    site.turns = [
        lambda: site.begin(network),
        lambda: site.find(*two),
        site.end,
    ]
    out, _ = run("--approve-all")
    assert out.splitlines()[-1] == "Approved 2."
    assert Device.objects.count() == 2
    assert {one.state for one in Finding.objects.all()} == {FindingState.APPROVED}
    assert {one.origin for one in AuditEntry.objects.filter(kind="finding")} == {"shell"}


def test_what_cannot_be_taken_over_is_told(site: Field) -> None:
    network = make_network()
    site.turns = [lambda: site.begin(network), site.end]

    def known_meanwhile() -> None:
        site.find(found(OTHER))
        make_device(network=network, instance=11, address="127.0.0.11:47809", name="By hand")

    site.turns.insert(1, known_meanwhile)
    with pytest.raises(CommandError, match=r"Approved 0, and then none: .* is known there already"):
        run("--approve-all")


def test_a_search_that_fails_says_why(site: Field) -> None:
    network = make_network(name="Plant")
    site.turns = [lambda: site.begin(network), lambda: site.end("port 47808 is in use")]
    with pytest.raises(CommandError, match="Plant: port 47808 is in use"):
        run("--network", "Plant")


def test_nobody_serving_the_network_is_told(site: Field) -> None:
    network = make_network(name="Plant")
    idle: list[Callable[[], None]] = [lambda: None] * discover.WONDER
    site.turns = [*idle, lambda: site.begin(network), site.end]
    _, err = run()
    assert err == (
        "Nobody has begun on Plant yet. Is the site running, with a field process that serves it?\n"
    )


def test_it_need_not_be_waited_for(site: Field) -> None:
    networks = [make_network(), make_network(enabled=False)]
    out, _ = run("--no-wait")
    job = Job.objects.get()
    assert out == f"Asked for: job {job.pk}.\n"
    assert [part.network for part in job.parts.all()] == networks[:1]  # type: ignore[attr-defined]
    assert (job.user, bool(job.username)) == (None, True)


def test_a_limited_search_leaves_out_what_is_not_bacnet(site: Field) -> None:
    make_network(protocol="modbus", targets=["127.0.0.9"], name="Panels")
    bacnet = make_network()
    run("--low", "5", "--no-wait")
    assert [one.network for one in Job.objects.get().parts.all()] == [bacnet]  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="Panels is not; leave it out"):
        run("--low", "5", "--network", "Panels")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--network", "Attic"), "There is no network Attic; there are: Plant"),
        (("--low", "5", "--high", "4"), "--low 5 is above --high 4"),
        (("--low", "-1"), "choose 0 to 4,194,302"),
        (("--high", "AHU-1"), "AHU-1: choose 0 to 4,194,302"),
        (("--behind", "65535"), "choose 1 to 65,534"),
        (("--approve-all", "--no-wait"), "leave out --no-wait"),
    ],
)
def test_wrong_options_are_refused(arguments: tuple[str, ...], told: str) -> None:
    make_network(name="Plant")
    with pytest.raises(CommandError, match=told):
        run(*arguments)
    assert not Job.objects.exists()


def test_without_a_network_there_is_nothing_to_search() -> None:
    with pytest.raises(CommandError, match="none is switched on"):
        run()
