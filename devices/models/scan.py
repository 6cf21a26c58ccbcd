"""Searches for devices: what each asked, the steps that it took, and how what it found differs from
what is known."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from devices.enums import FindingKind, FindingState, StepKind
from devices.models.device import LARGEST_INSTANCE, Device
from devices.models.network import Network
from protocols.scanning import Search

STEP_LENGTH = 500
PROBLEM_LENGTH = 200


class Asked(models.Model):
    """Whom a search asks; without limits everybody."""

    low = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(LARGEST_INSTANCE)],
        help_text=_("The lowest instance that shall answer."),
    )
    high = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(LARGEST_INSTANCE)],
        help_text=_("The highest one."),
    )
    behind = models.JSONField(
        default=list,
        blank=True,
        help_text=_("Numbers of networks behind routers; empty: all that routers tell of."),
    )
    object_name = models.CharField(
        max_length=128,
        blank=True,
        help_text=_("Only devices that have an object of this name shall answer."),
    )

    class Meta:
        abstract = True

    @property
    def search(self) -> Search:
        """As drivers are asked."""
        return search_of(self.low, self.high, self.behind, self.object_name)

    @property
    def asks_everybody(self) -> bool:
        return self.search == Search()


def search_of(
    low: int | None = None,
    high: int | None = None,
    behind: Sequence[int] = (),
    object_name: str = "",
) -> Search:
    """A search with these limits."""
    is_limited = low is not None or high is not None
    last = LARGEST_INSTANCE if high is None else high
    return Search(
        instances=range(low or 0, last + 1) if is_limited else None,
        networks=tuple(behind),
        object_name=object_name,
    )


def asked(search: Search) -> dict[str, Any]:
    """The columns of such a search."""
    limits = search.instances
    return {
        "low": None if limits is None else limits.start,
        "high": None if limits is None else limits.stop - 1,
        "behind": list(search.networks),
        "object_name": search.object_name,
    }


class Scan(Asked):
    """One search of one network. What it found is told by its findings; devices that are as they
    were known are only counted."""

    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="scans")
    username = models.CharField(
        max_length=150, blank=True, help_text=_("Who asked for it; empty: the hourly search.")
    )
    started_at = models.DateTimeField(help_text=_("When it began."))
    ended_at = models.DateTimeField(null=True, help_text=_("When it was over; empty: it runs."))
    problem = models.CharField(
        max_length=PROBLEM_LENGTH, blank=True, help_text=_("Why it could not be done.")
    )
    sent = models.PositiveIntegerField(default=0, help_text=_("Packets that went out."))
    received = models.PositiveIntegerField(default=0, help_text=_("Packets that came in."))
    heard = models.PositiveIntegerField(default=0, help_text=_("Devices that answered."))
    described = models.PositiveIntegerField(
        default=0, help_text=_("Devices that told what they hold, or how far they came.")
    )
    same = models.PositiveIntegerField(
        default=0, help_text=_("Devices that are as they were known.")
    )

    site_path = "network__site"

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.network}, {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.ended_at is None


class ScanStep(models.Model):
    """What happened in a search, in an engineer's words."""

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=10, choices=StepKind, help_text=_("What happened."))
    time = models.DateTimeField(help_text=_("When."))
    text = models.CharField(max_length=STEP_LENGTH, help_text=_("In words."))
    place = models.CharField(
        max_length=64, blank=True, help_text=_("Of which address; empty: the whole search.")
    )
    is_problem = models.BooleanField(default=False, help_text=_("Somebody should look at it."))
    sent = models.PositiveIntegerField(default=0, help_text=_("Packets that went out."))
    received = models.PositiveIntegerField(default=0, help_text=_("Packets that came in."))

    site_path = "scan__network__site"

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class Finding(models.Model):
    """How a device that a search met, or missed, differs from what is known. It is open until
    somebody approves or dismisses it, or a later search tells it anew.

    `description` is what the device told of itself, while that may still be taken over: approving
    asks nobody."""

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="findings")
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=8, choices=FindingKind, help_text=_("What differs."))
    state = models.CharField(
        max_length=10,
        choices=FindingState,
        default=FindingState.OPEN,
        help_text=_("What became of it."),
    )
    found_at = models.DateTimeField(help_text=_("When it was found."))
    instance = models.PositiveIntegerField(help_text=_("BACnet device instance or Modbus unit."))
    address = models.CharField(max_length=64, help_text=_("Where it answers, with its port."))
    name = models.CharField(max_length=128, blank=True, help_text=_("What it calls itself."))
    vendor_id = models.PositiveIntegerField(default=0, help_text=_("The maker's BACnet number."))
    vendor_name = models.CharField(max_length=128, blank=True, help_text=_("Who made it."))
    model_name = models.CharField(max_length=128, blank=True, help_text=_("What it is."))
    points = models.PositiveIntegerField(default=0, help_text=_("How many points it told."))
    problem = models.CharField(
        max_length=PROBLEM_LENGTH, blank=True, help_text=_("Why it could not be described whole.")
    )
    device = models.ForeignKey(
        Device,
        on_delete=models.SET_NULL,
        null=True,
        related_name="findings",
        help_text=_("The device that is known; empty: none yet."),
    )
    differences = models.JSONField(
        default=list, help_text=_("What is otherwise, each with what was and what is.")
    )
    description = models.JSONField(default=dict)
    decided_by = models.CharField(
        max_length=150, blank=True, help_text=_("Who approved or dismissed it.")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, help_text=_("When."))

    site_path = "network__site"

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "instance", "address"],
                condition=Q(state=FindingState.OPEN),
                name="finding_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.instance} at {self.address}"

    @property
    def audit_name(self) -> str:
        """What the audit trail calls it."""
        return str(self)

    @property
    def its_device_id(self) -> int | None:
        return self.device_id
