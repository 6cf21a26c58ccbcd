"""Tags: what places, devices and points mean, in the words of Haystack or Brick."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from devices.models import Building, Device, Floor, Room, Site
from devices.models.audited import Audited, AuditedQuerySet
from t3000.enums import TagScheme
from t3000.models.point import Point

OWNERS: dict[str, Any] = {
    "site": Site,
    "building": Building,
    "floor": Floor,
    "room": Room,
    "device": Device,
    "point": Point,
}
LONGEST_TEXT = 255
LONGEST_REF = 128
ANY = re.compile(".*")
NAMES: dict[str, tuple[re.Pattern[str], str]] = {
    TagScheme.HAYSTACK: (re.compile(r"[a-z][A-Za-z0-9_]*"), "discharge"),
    TagScheme.BRICK: (re.compile(r"[A-Za-z][A-Za-z0-9_]*"), "Zone_Air_Temperature_Sensor"),
}
REF = re.compile(r"[A-Za-z0-9_:.~-]+")


def validate_value(value: Any) -> None:
    """Nothing (a marker), a text, a number, or {"ref": "id"}."""
    if value is None or (type(value) in (int, float) and abs(value) <= 1e300):
        return
    if isinstance(value, str) and len(value) <= LONGEST_TEXT and "\0" not in value:
        return
    if isinstance(value, dict) and value.keys() == {"ref"}:
        ref = value["ref"]
        if isinstance(ref, str) and len(ref) <= LONGEST_REF and REF.fullmatch(ref):
            return
    raise ValidationError(
        _('This is no value of a tag; write null for a marker, a text, a number or {"ref": "id"}.')
    )


class TagManager(models.Manager.from_queryset(AuditedQuerySet)):  # type: ignore[misc]
    """Tags with the site of their owner, wherever that is now."""

    def get_queryset(self) -> Any:
        paths = (
            name if kind is Site else f"{name}__{kind.site_path}" for name, kind in OWNERS.items()
        )
        return super().get_queryset().annotate(owner_site=Coalesce(*(F(path) for path in paths)))


def _one_owner() -> Q:
    whole = Q()
    for owner in OWNERS:
        whole |= Q(**{f"{name}__isnull": name != owner for name in OWNERS})
    return whole


def _owner(kind: Any, what: str) -> Any:
    return models.ForeignKey(
        kind,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tags",
        help_text=_("What it says something of: this %(what)s.") % {"what": what},
    )


class Tag(Audited):
    """A tag of a place, a device or a point. Its site is that of what it belongs to: it is not
    stored a second time, so it cannot be wrong when a device or a network moves."""

    site = _owner(Site, "site")
    building = _owner(Building, "building")
    floor = _owner(Floor, "floor")
    room = _owner(Room, "room")
    device = _owner(Device, "device")
    point = _owner(Point, "point")
    scheme = models.CharField(max_length=8, choices=TagScheme, default=TagScheme.HAYSTACK)
    name = models.CharField(
        max_length=64,
        help_text=_("Haystack: discharge, siteRef. Brick: a class or relation, without brick:."),
    )
    value = models.JSONField(
        null=True,
        blank=True,
        validators=[validate_value],
        help_text=_('null: a marker; a text, a number, or {"ref": "id"} to something else.'),
    )

    objects = TagManager()  # type: ignore[misc]  # of a class, as those of all models
    site_path = "owner_site"

    class Meta:
        base_manager_name = "objects"
        ordering = ["scheme", "name", "pk"]
        constraints = [
            models.CheckConstraint(condition=_one_owner(), name="tag_has_one_owner"),
            *(
                models.UniqueConstraint(
                    fields=[owner, "scheme", "name"], name=f"tag_once_on_{owner}"
                )
                for owner in OWNERS
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        owners = [name for name in OWNERS if getattr(self, f"{name}_id") is not None]
        if len(owners) != 1:
            told = {"known": ", ".join(OWNERS), "found": " and ".join(owners) or _("nothing")}
            message = _("A tag belongs to one of %(known)s; this belongs to %(found)s.") % told
            raise ValidationError(message)
        pattern, example = NAMES.get(self.scheme, (ANY, ""))
        if not pattern.fullmatch(self.name):
            told = {"name": self.name, "scheme": self.scheme, "example": example}
            message = _("%(name)r is no tag of %(scheme)s; write one such as %(example)s.") % told
            raise ValidationError({"name": message})
