from t3000.models.array import Array
from t3000.models.conversion_table import ConversionTable
from t3000.models.point import Point, PointValue
from t3000.models.program import Program, ProgramVersion
from t3000.models.tag import Tag
from t3000.models.unit import Unit

__all__ = [
    "Array",
    "ConversionTable",
    "Point",
    "PointValue",
    "Program",
    "ProgramVersion",
    "Tag",
    "Unit",
]
