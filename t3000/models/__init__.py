from t3000.models.point import Point, PointValue

__all__ = ["Point", "PointValue"]
