"""What a search for devices is asked, and the steps that it tells. Immutable values, no I/O."""

import enum
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Search:
    """Whom a search asks; by default everybody that can be reached.

    BACnet only: `instances` limits who shall answer; `networks` are numbers of networks behind
    routers, empty for all that routers tell of; `object_name` asks for those alone that have an
    object of this name (Who-Has, 135-2020 clause 16.9).
    """

    instances: range | None = None
    networks: tuple[int, ...] = ()
    object_name: str = ""


EVERYBODY = Search()


class StepKind(enum.StrEnum):
    """What happened in a search. Stored and sent: never renamed."""

    OPENED = "opened"  # the interface is bound: by which address and port
    ASKED = "asked"  # requests went out
    REGISTERED = "registered"  # a BBMD took us as a foreign device, or did not
    ROUTER = "router"  # a router told of the networks behind it
    HEARD = "heard"  # a device said that it is there
    DESCRIBED = "described"  # a device told what it holds, or how far it came
    DOUBLED = "doubled"  # two devices have the same instance
    ENDED = "ended"  # the count of packets out and in
    ADVICE = "advice"  # what the outcome means and what to do about it


@dataclass(frozen=True, slots=True)
class ScanStep:
    """One step of a search: what happened, in an engineer's words.

    `place` is the address that it is about, "" for the search as a whole; `is_problem`: somebody
    should look at it; `sent` and `received`: packets of this step.
    """

    kind: StepKind
    time: datetime
    text: str
    place: str = ""
    is_problem: bool = False
    sent: int = 0
    received: int = 0
