"""Choices of tags."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TagScheme(models.TextChoices):
    """Whose words a tag's name is of."""

    HAYSTACK = "haystack", _("Project Haystack")
    BRICK = "brick", _("Brick")
