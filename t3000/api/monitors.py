"""Monitors with their inputs."""

from devices.api.serializers import Parts
from t3000.api.panel import PanelResource, panel_members
from t3000.models import Monitor
from t3000.models.monitor import INPUTS


class Monitors(PanelResource):
    """Monitors, the trend logs of T3 panels, by device and index. `inputs` are up to fourteen
    points, analog ones first."""

    model = Monitor
    members = panel_members(
        "label",
        "interval",
        "length",
        "length_unit",
        "status",
        "inputs",
        "next_sample_time",
        "analog_blocks",
        "digital_blocks",
        "operation_time",
    )
    read_only = (
        *PanelResource.read_only,
        "next_sample_time",
        "analog_blocks",
        "digital_blocks",
        "operation_time",
    )
    volatile = frozenset(read_only)
    parts = {"inputs": Parts(("point", "digital_analog", "range"), INPUTS)}
    search_in = ("label",)
    tag = "monitors"
