"""The priority array of a point, as it was last read."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from t3000.models.point import Point


class PriorityArray(models.Model):
    """There is a row from the first reading on, of points that have such an array. Devices change
    it all day, as values: who wrote from here is in the ledger."""

    point = models.OneToOneField(
        Point, on_delete=models.CASCADE, primary_key=True, related_name="priority_array"
    )
    slots = models.JSONField(
        default=dict,
        help_text=_(
            'What is not empty, by priority: {"8": 21.5}; null where the device does not tell.'
        ),
    )
    relinquish_default = models.FloatField(
        null=True, help_text=_("Has the point while all slots are empty; empty: not told.")
    )
    read_at = models.DateTimeField(help_text=_("When it was asked for."))

    site_path = "point__device__network__site"

    def __str__(self) -> str:
        return f"{self.point_id}: {self.slots}"

    @property
    def by_priority(self) -> dict[int, float | None]:
        """What is not empty, the strongest first. None: the device does not tell."""
        return {int(one): self.slots[one] for one in sorted(self.slots, key=int)}
