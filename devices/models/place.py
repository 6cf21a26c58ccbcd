"""Where things are: Site > Building > Floor > Room."""

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.audited import Audited

NAME_LENGTH = 50  # T3000's Building.db


@cache
def time_zones() -> frozenset[str]:
    """All IANA names. Looking for them reads hundreds of files."""
    return frozenset(zoneinfo.available_timezones())


def validate_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(
            _("%(name)s is not an IANA time zone; write one such as Europe/Berlin."),
            params={"name": name},
        )


class Site(Audited):
    """One property that one team runs."""

    name = models.CharField(
        max_length=NAME_LENGTH, unique=True, help_text=_("Unique among all sites.")
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_("IANA name; every time at this site is shown in it."),
    )

    site_path = "pk"

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Building(Audited):
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="buildings")
    name = models.CharField(max_length=NAME_LENGTH, help_text=_("Unique in its site."))
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("IANA name, where it is not the site's; empty: the site's."),
    )

    site_path = "site"

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="building_name_unique_in_site")
        ]

    def __str__(self) -> str:
        return self.name


class Floor(Audited):
    building = models.ForeignKey(Building, on_delete=models.CASCADE, related_name="floors")
    name = models.CharField(max_length=NAME_LENGTH, help_text=_("Unique in its building."))
    level = models.SmallIntegerField(default=0, help_text=_("Order from below: 0 is the ground."))

    site_path = "building__site"

    class Meta:
        ordering = ["level", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["building", "name"], name="floor_name_unique_in_building"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Room(Audited):
    floor = models.ForeignKey(Floor, on_delete=models.CASCADE, related_name="rooms")
    name = models.CharField(max_length=NAME_LENGTH, help_text=_("Unique in its floor."))

    site_path = "floor__building__site"

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["floor", "name"], name="room_name_unique_in_floor")
        ]

    def __str__(self) -> str:
        return self.name
