"""Graphic screens, and labels on them."""

from devices.api.fields import WholeNumber
from t3000.api.panel import PanelQuery, PanelResource, panel_members
from t3000.models import GraphicLabel, GraphicScreen


class LabelQuery(PanelQuery):
    screen = WholeNumber(
        min_value=0, max_value=32_767, required=False, help_text="The index of their screen."
    )


class Graphics(PanelResource):
    """Graphic screens with the items that are drawn on them, by device and index."""

    model = GraphicScreen
    members = panel_members("label", "description", "picture_file", "cursor_x", "cursor_y", "items")
    tag = "graphics"


class GraphicLabels(PanelResource):
    """Labels on graphic screens, by device and index."""

    model = GraphicLabel
    members = panel_members(
        "status",
        "screen",
        "point",
        "x",
        "y",
        "text_color",
        "display",
        "icon_size",
        "text_place",
        "icon_1",
        "icon_2",
    )
    query_class = LabelQuery
    search_in = ("point", "icon_1", "icon_2")
    tag = "graphics"
