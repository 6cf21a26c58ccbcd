"""What a search by Modbus TCP tells of itself, and what its outcome means. Does no I/O."""

from collections.abc import Sequence
from datetime import UTC, datetime

from protocols.scanning import ScanStep, StepKind
from protocols.types import FoundDevice

MOST_NAMED = 5


def beginning(source: str, addresses: Sequence[str]) -> list[ScanStep]:
    """From where, and whom we ask."""
    return [
        _step(StepKind.OPENED, f"Connections go out from {source}", source),
        *(
            _step(StepKind.ASKED, "Connected to, to be asked which product it is", address)
            for address in addresses
        ),
    ]


def told_of(found: FoundDevice) -> list[ScanStep]:
    """One device that answered."""
    endpoint, info = found.info.endpoint, found.info
    model = f", {info.model_name} {info.firmware}".rstrip() if info.model_name else ""
    text = f"Device {endpoint.instance}, {info.name}: {len(found.points)} points"
    if found.problem:
        text += f" ({found.problem})"
    return [
        _step(StepKind.HEARD, f"Unit {endpoint.instance} answers{model}", endpoint.address),
        _step(StepKind.DESCRIBED, text, endpoint.address, is_problem=bool(found.problem)),
    ]


def ending(addresses: Sequence[str], found: Sequence[FoundDevice]) -> list[ScanStep]:
    """The count, and the advice."""
    asked = f"{len(addresses):,} address" + ("" if len(addresses) == 1 else "es")
    text = f"{asked} asked, {len(found):,} answered"
    problems = list(_problems(addresses, found))
    if problems:
        advice = [_step(StepKind.ADVICE, problem, is_problem=True) for problem in problems]
    else:
        count = "1 device" if len(found) == 1 else f"{len(found):,} devices"
        advice = [_step(StepKind.ADVICE, f"All is well: {count} found and described.")]
    return [_step(StepKind.ENDED, text), *advice]


def _problems(addresses: Sequence[str], found: Sequence[FoundDevice]) -> list[str]:
    if not addresses:
        return ["Modbus has no broadcast: name the addresses of the devices as targets."]
    told = []
    answered = {one.info.endpoint.address for one in found}
    silent = [address for address in addresses if address not in answered]
    if silent:
        who = f"{_listed(silent)}: no answer." if answered else "Nobody answered."
        told.append(
            f"{who} Check that they are on, their addresses and ports (502 is usual), and that no "
            "firewall drops TCP to them."
        )
    short = [f"{one.info.endpoint} ({one.problem})" for one in found if one.problem]
    if short:
        told.append(f"Not described whole: {_listed(short)}. What they told is kept.")
    return told


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    text = ", ".join(names[:MOST_NAMED])
    return f"{text} and {more:,} more" if more > 0 else text


def _step(kind: StepKind, text: str, place: str = "", *, is_problem: bool = False) -> ScanStep:
    return ScanStep(kind, datetime.now(UTC), text, place, is_problem)
