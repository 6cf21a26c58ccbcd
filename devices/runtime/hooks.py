"""What the field runtime is given and what it tells: plans, outcomes, and the hooks by which those
who know the database and what points are join in."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from devices.domain.link import PollResult
from devices.runtime.commands import Look, Order, Outcome
from devices.runtime.networks import NetworkPlan
from protocols.scanning import EVERYBODY, ScanStep, Search
from protocols.types import Endpoint, FoundDevice, Held, PointAddress, Profile


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """All that is needed to read one device."""

    device_id: int
    network: NetworkPlan
    endpoint: Endpoint
    points: Sequence[PointAddress]
    deadline: float  # seconds for the whole device
    profile: Profile | None = None  # what was learnt of it, None: nothing


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """A search that begins: whom it asks."""

    scan_id: int
    search: Search = EVERYBODY


@dataclass(frozen=True, slots=True)
class Found:
    """A device that a search heard of."""

    scan_id: int
    device: FoundDevice


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a search did."""

    scan_id: int
    step: ScanStep


@dataclass(frozen=True, slots=True)
class ConnectPlan:
    """A device that somebody named, to be asked who it is."""

    job_id: int
    network: NetworkPlan
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Connected:
    """How that ended: with what answered, or with the reason."""

    job_id: int
    network_id: int
    device: FoundDevice | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the runtime needs from those who know the database and what points are. `store_*` run
    in the writer's thread, the others in those that call `poll` and `discover` or in one of their
    own. `lost_networks` renews what is held and names what must be closed."""

    plan_devices: Callable[[Sequence[int]], Sequence[DevicePlan]]
    plan_network: Callable[[int], NetworkPlan | None]
    plan_connections: Callable[[Sequence[int]], Sequence[ConnectPlan]]
    begin_connections: Callable[[Sequence[int]], Container[int]]
    hold_network: Callable[[int], bool]
    lost_networks: Callable[[], Sequence[int]]
    postpone_discovery: Callable[[int], None]
    begin_scan: Callable[[int], ScanPlan | None]
    release: Callable[[Sequence[int]], None]
    networks_of_commands: Callable[[Sequence[int]], Mapping[int, int]]
    claim_commands: Callable[[Sequence[int]], Iterable[Order]]
    pass_on_commands: Callable[[Sequence[int]], None]
    plan_checks: Callable[[Sequence[int]], Sequence[Order]]
    plan_looks: Callable[[Sequence[int]], Sequence[Look]]
    store_outcome: Callable[[Outcome], None]
    store_held: Callable[[int, Held], None]
    store_hold_end: Callable[[int], None]
    store_polls: Callable[[Sequence[PollResult]], None]
    store_found: Callable[[Sequence[Found]], None]
    store_connected: Callable[[Connected], None]
    store_steps: Callable[[Sequence[tuple[int, ScanStep]]], None]
    store_discovery_end: Callable[[int, str], None]
    store_network_problem: Callable[[int, str], None]
    close_connections: Callable[[], None]


@dataclass(frozen=True, slots=True)
class DiscoveryEnd:
    """A search is over, whatever it found; `problem`: why it could not be done."""

    network_id: int
    scan_id: int
    problem: str


@dataclass(frozen=True, slots=True)
class HeldRead:
    """What a device holds of a point, read for any reason but a command of its own."""

    device_id: int
    held: Held


@dataclass(frozen=True, slots=True)
class HoldEnd:
    """A device does not hold any more what a command wrote."""

    command_id: int


@dataclass(frozen=True, slots=True)
class NetworkProblem:
    """Why a network cannot be served now; empty when it can again."""

    network_id: int
    problem: str
