from t3000.models.array import Array
from t3000.models.conversion_table import ConversionTable
from t3000.models.graphic import GraphicLabel, GraphicScreen
from t3000.models.panel_alarm import AlarmSetting, PanelAlarm
from t3000.models.pid_loop import PidLoop
from t3000.models.point import Point, PointValue
from t3000.models.program import Program, ProgramVersion
from t3000.models.tag import Tag
from t3000.models.time_base import TimeBase
from t3000.models.unit import Unit

__all__ = [
    "AlarmSetting",
    "Array",
    "ConversionTable",
    "GraphicLabel",
    "GraphicScreen",
    "PanelAlarm",
    "PidLoop",
    "Point",
    "PointValue",
    "Program",
    "ProgramVersion",
    "Tag",
    "TimeBase",
    "Unit",
]
