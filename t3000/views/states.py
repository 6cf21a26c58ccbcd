"""The states that pages show. Each is told by icon, word and colour, never by colour alone."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from devices.enums import CommandState, LinkState
from t3000.enums import Quality


@dataclass(frozen=True, slots=True)
class State:
    """`key` is for styles and filters (data-state), `word` for people. Normal needs no icon.
    `is_timed`: it is worth saying since when."""

    key: str
    word: str | Promise
    icon: str = ""
    is_timed: bool = False


POINT_STATES = {
    Quality.GOOD: State("normal", Quality.GOOD.label),
    Quality.OVERRIDDEN: State("manual", Quality.OVERRIDDEN.label, "hand"),
    Quality.STALE: State("stale", Quality.STALE.label, "clock", is_timed=True),
    Quality.OUT_OF_RANGE: State("range", Quality.OUT_OF_RANGE.label, "exclamation-diamond-fill"),
    Quality.FAULT: State("fault", Quality.FAULT.label, "exclamation-triangle-fill"),
    Quality.COMM: State("no-answer", Quality.COMM.label, "plug-off"),
    Quality.OUT_OF_SERVICE: State("service", Quality.OUT_OF_SERVICE.label, "pause-circle-fill"),
    Quality.CONFIG: State("config", Quality.CONFIG.label, "question-diamond-fill"),
}

# Of a point whose device has not been asked yet: nothing is wrong with it.
NOT_READ = State("not-read", _("Not read yet"), "hourglass")

# Of one whose device does not answer, and of which there is no value that could be old: the device
# is the matter, not the point.
SILENT = State("silent", Quality.COMM.label, "plug-off")

OF_DEVICE: dict[str, State] = {LinkState.UNKNOWN: NOT_READ, LinkState.OFFLINE: SILENT}

DEVICE_STATES = {
    LinkState.UNKNOWN: State("unknown", LinkState.UNKNOWN.label, "question-circle"),
    LinkState.ONLINE: State("online", LinkState.ONLINE.label, is_timed=True),
    LinkState.OFFLINE: State("offline", LinkState.OFFLINE.label, "plug-off", is_timed=True),
}

# The words follow what is written: "55.0 pending".
PENDING = State("pending", _("pending"), "arrow-repeat")
COMMAND_STATES = {
    CommandState.PENDING: PENDING,
    CommandState.SENT: PENDING,
    CommandState.CONFIRMED: State("confirmed", _("confirmed"), "check-lg"),
    CommandState.REFUSED: State("refused", _("refused"), "x-circle-fill"),
    CommandState.UNKNOWN: State("unknown-end", _("unknown"), "question-circle-fill"),
    CommandState.EXPIRED: State("expired", _("expired"), "clock-history"),
}

# What the browser shows of a command whose end came while the link was lost.
UNSEEN = State("unseen", _("ended unseen"), "question-circle-fill")

# What the browser shows instead of any device state that it can no longer vouch for.
NOT_LIVE = State("not-live", _("Not live"), "clock", is_timed=True)


def point_state(quality: Quality, link: str) -> State:
    """How a point is shown, by the state of its device's link, too; board.js judges alike."""
    if quality == Quality.COMM:
        return OF_DEVICE.get(link, POINT_STATES[quality])
    return POINT_STATES[quality]


@dataclass(frozen=True, slots=True)
class Group:
    """A filter chip: the states that it lets through."""

    word: str | Promise
    icon: str
    keys: tuple[str, ...]


POINT_GROUPS = (
    Group(_("Manual"), "hand", ("manual",)),
    Group(
        _("Fault"),
        "exclamation-triangle-fill",
        ("fault", "range", "no-answer", "config", "service"),
    ),
    Group(_("Stale"), "clock", ("stale",)),
)
OFFLINE_GROUP = Group(_("Offline"), "plug-off", ("offline",))
DEVICE_GROUPS = (Group(_("Online"), "", ("online",)), OFFLINE_GROUP)
