"""Choices of labels on graphic screens."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LabelDisplay(models.IntegerChoices):
    VALUE = 0, _("Value")
    DESCRIPTION = 1, _("Full description")
    LABEL = 2, _("Label")
    ICON = 3, _("Icon")
    ICON_DESCRIPTION = 4, _("Icon and description")
    ICON_LABEL = 5, _("Icon and label")
    ICON_VALUE = 6, _("Icon and value")
    ICON_ONLY = 7, _("Icon only")


class LabelTextPlace(models.IntegerChoices):
    """Where the text is, seen from the icon."""

    BOTTOM = 0, _("Below")
    LEFT = 1, _("Left")
    TOP = 2, _("Above")
    RIGHT = 3, _("Right")


class LabelIconSize(models.IntegerChoices):
    SMALL = 0, _("Small")
    NORMAL = 1, _("Normal")
    LARGE = 2, _("Large")


class LabelStatus(models.IntegerChoices):
    UNUSED = 0, _("Not used")
    USED = 1, _("In use")
    DELETED = 2, _("Deleted")


class GraphicsFormat(models.IntegerChoices):
    """How a panel keeps its drawings: the settings' `webview_json_flash`."""

    LABELS = 0, _("Labels")
    JSON = 2, _("JSON")
