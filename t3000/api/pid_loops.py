"""PID loops."""

from t3000.api.panel import PanelResource, panel_members
from t3000.models import PidLoop

LIVE = ("input_value", "setpoint_value", "output")


class PidLoops(PanelResource):
    """PID loops, by device and index."""

    model = PidLoop
    members = panel_members(
        "input",
        "input_value",
        "setpoint",
        "setpoint_value",
        "output",
        "units",
        "auto_manual",
        "action",
        "time_unit",
        "sample_time",
        "proportional",
        "reset",
        "bias",
        "rate",
    )
    read_only = (*PanelResource.read_only, *LIVE)
    volatile = PanelResource.volatile | {*LIVE}
    search_in = ("input", "setpoint")
    tag = "pid-loops"
