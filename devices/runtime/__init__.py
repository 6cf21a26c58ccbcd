"""The field runtime: the one place that talks with devices, and how tasks find it."""

from devices.runtime.commands import Look, Order, Outcome
from devices.runtime.hooks import Connected, ConnectPlan, DevicePlan, Found, Hooks, ScanPlan
from devices.runtime.networks import NetworkPlan
from devices.runtime.runtime import FieldRuntime

__all__ = [
    "ConnectPlan",
    "Connected",
    "DevicePlan",
    "FieldRuntime",
    "Found",
    "Hooks",
    "Look",
    "NetworkPlan",
    "Order",
    "Outcome",
    "ScanPlan",
    "current",
    "install",
]

_current: FieldRuntime | None = None


def install(runtime: FieldRuntime | None) -> None:
    """Makes this the process's runtime. Only the composition calls it."""
    global _current  # noqa: PLW0603  one per process is what it is
    _current = runtime


def current() -> FieldRuntime:
    """The runtime of this process. Raises RuntimeError in a process that does not own the field."""
    if _current is None:
        raise RuntimeError("this process does not own the field: the task is on the wrong queue")
    return _current
