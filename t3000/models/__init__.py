from t3000.models.array import Array
from t3000.models.conversion_table import ConversionTable
from t3000.models.email_alarm import EmailAlarm
from t3000.models.expansion import ExpansionIo
from t3000.models.graphic import GraphicLabel, GraphicScreen
from t3000.models.holiday import Holiday
from t3000.models.monitor import Monitor, MonitorInput
from t3000.models.panel_alarm import AlarmSetting, PanelAlarm
from t3000.models.panel_facts import HardwareInfo, PortHealth
from t3000.models.panel_features import (
    DyndnsSettings,
    FeatureFlags,
    TimeSettings,
    WifiSettings,
    WireguardSettings,
)
from t3000.models.panel_settings import CommunicationSettings, NetworkSettings, ProtocolSettings
from t3000.models.panel_user import PanelUser
from t3000.models.pid_loop import PidLoop
from t3000.models.point import Point, PointValue
from t3000.models.priority_array import PriorityArray
from t3000.models.program import Program, ProgramVersion
from t3000.models.remote import RemoteDevice, RemotePoint
from t3000.models.schedule import (
    Schedule,
    ScheduleEntry,
    ScheduleException,
    ScheduleExceptionEntry,
)
from t3000.models.tag import Tag
from t3000.models.time_base import TimeBase
from t3000.models.tstat_schedule import TstatSchedule
from t3000.models.unit import Unit

__all__ = [
    "AlarmSetting",
    "Array",
    "CommunicationSettings",
    "ConversionTable",
    "DyndnsSettings",
    "EmailAlarm",
    "ExpansionIo",
    "FeatureFlags",
    "GraphicLabel",
    "GraphicScreen",
    "HardwareInfo",
    "Holiday",
    "Monitor",
    "MonitorInput",
    "NetworkSettings",
    "PanelAlarm",
    "PanelUser",
    "PidLoop",
    "Point",
    "PointValue",
    "PortHealth",
    "PriorityArray",
    "Program",
    "ProgramVersion",
    "ProtocolSettings",
    "RemoteDevice",
    "RemotePoint",
    "Schedule",
    "ScheduleEntry",
    "ScheduleException",
    "ScheduleExceptionEntry",
    "Tag",
    "TimeBase",
    "TimeSettings",
    "TstatSchedule",
    "Unit",
    "WifiSettings",
    "WireguardSettings",
]
