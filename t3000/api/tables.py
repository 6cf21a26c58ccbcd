"""Arrays, conversion tables and units of a panel's own."""

from devices.api.fields import Choice
from t3000.api.panel import PanelQuery, PanelResource, panel_members
from t3000.enums import UnitKind
from t3000.models import Array, ConversionTable, Unit


class UnitQuery(PanelQuery):
    kind = Choice(choices=UnitKind.choices, required=False)


class Arrays(PanelResource):
    """Arrays, by device and index."""

    model = Array
    members = panel_members("label", "size", "cells")
    search_in = ("label",)
    tag = "tables"


class Tables(PanelResource):
    """Conversion tables for inputs, by device and index."""

    model = ConversionTable
    members = panel_members("name", "high_precision", "pairs")
    search_in = ("name",)
    tag = "tables"


class Units(PanelResource):
    """Units of a panel's own, by device, kind and index."""

    model = Unit
    members = panel_members("kind", "direct", "off_text", "on_text", "name", "states")
    order = ("device_id", "kind", "index")
    query_class = UnitQuery
    search_in = ("name", "off_text", "on_text")
    tag = "tables"
