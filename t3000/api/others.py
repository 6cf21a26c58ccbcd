"""What a T3 panel has to do with others: remote points and devices, modules, thermostats."""

from t3000.api.panel import PanelResource, panel_members
from t3000.models import ExpansionIo, RemoteDevice, RemotePoint, TstatSchedule


class RemotePoints(PanelResource):
    """Points of other panels and devices that a panel asks for, by device and index."""

    model = RemotePoint
    members = panel_members(
        "point",
        "instance",
        "read_write",
        "digital_analog",
        "auto_manual",
        "value",
        "online",
        "product_id",
        "uses",
        "seconds_left",
    )
    read_only = (
        *PanelResource.read_only,
        "value",
        "online",
        "product_id",
        "uses",
        "seconds_left",
    )
    volatile = frozenset(read_only)
    search_in = ("point",)
    tag = "panels"


class RemoteDevices(PanelResource):
    """Devices that a panel asks, by device and index."""

    model = RemoteDevice
    members = panel_members("protocol", "modbus_id", "instance")
    search_in = ("device__name",)
    tag = "panels"


class ExpansionIos(PanelResource):
    """Expansion modules, by device and index; row 0 is the controller itself."""

    model = ExpansionIo
    members = panel_members(
        "product_id",
        "port",
        "modbus_id",
        "serial_number",
        "input_start",
        "input_end",
        "output_start",
        "output_end",
        "last_contact",
    )
    read_only = (*PanelResource.read_only, "last_contact")
    volatile = frozenset(read_only)
    search_in = ("device__name",)
    tag = "panels"


class TstatSchedules(PanelResource):
    """Thermostats with the schedules that they go by, by device and index."""

    model = TstatSchedule
    members = panel_members(
        "modbus_id",
        "name",
        "schedule",
        "auto_manual",
        "day_setpoint",
        "night_setpoint",
        "awake_setpoint",
        "sleep_setpoint",
        "output",
        "state1",
        "online",
    )
    read_only = (*PanelResource.read_only, "output", "state1", "online")
    volatile = frozenset(read_only)
    search_in = ("name",)
    tag = "schedules"
