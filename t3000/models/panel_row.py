"""A row of a panel's tables: what we want of it, what the panel holds, and how they stand.

The columns are what is wanted: what people see and edit, offline too. `held` is what the device
held when it was last read, by field name. Parts of a row (devices.models.parts) are wanted and held
with it, as lists.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.enums import SyncState
from devices.models import Device, parts
from devices.models.audited import Audited, values
from devices.models.secret import EncryptedTextField
from protocols.t3 import products
from t3000.models.own_points import beyond_the_points
from t3000.models.panel_rules import (
    beyond_the_table,
    doubled_names,
    lacking,
    panels_of,
    too_long,
)

SIZES = products.counts(0)  # of the tables that are the same in all T3 panels
IDENTITY = ("device_id", "kind", "index")
CALLED = ("label", "name", "description")  # as far as a table has them
BOOKKEEPING = frozenset({"device", "kind", "index", "held", "state", "problem"})


class HeldRow(Audited):
    """What a device holds a copy of. Whoever derives from it has the `device`."""

    device: Any
    held = models.JSONField(
        null=True, editable=False, help_text=_("What the device held when it was last read.")
    )
    state = models.CharField(
        max_length=8, choices=SyncState, default=SyncState.PENDING, editable=False
    )
    problem = models.CharField(
        max_length=200, blank=True, editable=False, help_text=_("Why the device refused it.")
    )

    site_path = "device__network__site"
    unaudited = frozenset({"held", "state", "problem"})
    derived = frozenset({"held", "state", "problem"})
    related: ClassVar[tuple[str, ...]] = ("device",)
    live: ClassVar[frozenset[str]] = frozenset()  # fields that the device changes by itself
    panels_lack: ClassVar[frozenset[str]] = frozenset()  # fields and parts that T3 panels have not
    others_lack: ClassVar[frozenset[str]] = frozenset()  # those that only T3 panels have

    class Meta:
        abstract = True

    def refusals(self, changes: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """What the device holds is held of this place: it goes to no other."""
        for name in IDENTITY:
            if name in changes and changes[name] != getattr(self, name):
                yield (
                    name.removesuffix("_id"),
                    (f"This {self._meta.verbose_name} stays where it is; make another one there."),
                )

    @classmethod
    def audited_fields(cls) -> "dict[str, models.Field[Any, Any]]":
        """Not what the device changes by itself."""
        fields = super().audited_fields()
        return {name: field for name, field in fields.items() if name not in cls.live}

    @classmethod
    def wanted_fields(cls) -> "dict[str, models.Field[Any, Any]]":
        """What is configured: pushed to the device and compared with what it holds."""
        return {
            name: field for name, field in cls.audited_fields().items() if name not in BOOKKEEPING
        }

    @classmethod
    def secret_fields(cls) -> frozenset[str]:
        return frozenset(
            name
            for name, field in cls.wanted_fields().items()
            if isinstance(field, EncryptedTextField)
        )

    def wanted(self) -> dict[str, Any]:
        """What we want the device to hold, by field, and its parts. Of a secret only whether there
        is one."""
        fields, secrets = self.wanted_fields(), self.secret_fields()
        own = {
            name: str(value) if name in secrets else value
            for name, value in values(self).items()
            if name in fields
        }
        whole, lacks = {**own, **parts.plain(self)}, self.lacks
        return {name: value for name, value in whole.items() if name not in lacks}

    @property
    def lacks(self) -> frozenset[str]:
        """The fields and parts that its device has not."""
        if self.panels_lack == self.others_lack:
            return self.panels_lack
        return self.panels_lack if self.device.is_panel else self.others_lack

    def settle(self, changed: Collection[str]) -> None:
        """An edit is pending until the device was seen to hold it; edited back, it is in sync. An
        edit of what was never read, as secrets are, is held as None: something else. A conflict
        ends when somebody has decided on all that the device holds otherwise."""
        if self.held is not None:
            secrets, wanted = self.secret_fields(), self.wanted()
            unread = [n for n in changed if n in wanted and (n in secrets or n not in self.held)]
            self.held = {**self.held, **dict.fromkeys(unread)}
        known = {name for name, value in (self.held or {}).items() if value is not None}
        if self._is_held():
            self.state = SyncState.IN_SYNC
        elif self.state != SyncState.CONFLICT or self._held_otherwise() & known <= {*changed}:
            self.state = SyncState.PENDING
        self.problem = ""

    def _is_held(self) -> bool:
        return self.held is not None and not self._held_otherwise()

    def _held_otherwise(self) -> set[str]:
        """What the device holds other than it is wanted, as far as it was read: a device need not
        tell everything, and what it told may be older than a column."""
        wanted, held = self.wanted(), self.held or {}
        return {name for name in held if name in wanted and held[name] != wanted[name]}

    def waiting(self) -> dict[str, Any]:
        """What is wanted other than the device was read to hold it, by field."""
        if self.state == SyncState.IN_SYNC:
            return {}
        otherwise = self._held_otherwise()
        return {name: value for name, value in self.wanted().items() if name in otherwise}

    def as_held(self, name: str) -> Any:
        """What the device was read to hold of a field; what is wanted where that is not known."""
        held = None if self.state == SyncState.IN_SYNC else (self.held or {}).get(name)
        return getattr(self, name) if held is None else held

    def take_over(self, read: Mapping[str, Any]) -> None:
        """What the device was read to hold now. It becomes what is wanted where nothing waits to be
        pushed. An edit that waits is never overwritten: it is done if the device holds just that,
        and a conflict if somebody changed the device meanwhile. What the device changes by itself
        is always as it was read, and nobody waits for it. Parts that were read are stored by
        devices.models.parts.store.

        `read` is as `wanted` tells it. Secrets are in it after a push only: as `wanted` has them if
        it was confirmed."""
        configured = {name: value for name, value in read.items() if name not in self.live}
        secrets = self.secret_fields()
        before, held = self.held, {**(self.held or {}), **configured}
        self.held = held
        self._take({name: read[name] for name in self.live if name in read})
        is_new = before is None and self.pk is None
        if self.state == SyncState.IN_SYNC or is_new or self._is_held():
            self._take({n: v for n, v in configured.items() if n not in secrets})
            self.state, self.problem = SyncState.IN_SYNC, ""
        elif before is not None and any(
            before[name] != value for name, value in configured.items() if name in before
        ):
            self.state = SyncState.CONFLICT

    def _take(self, read: Mapping[str, Any]) -> None:
        for name, value in read.items():
            if name in self.parts:
                parts.assign(self, name, value)
            else:
                field: Any = self._meta.get_field(name)
                setattr(self, field.attname, field.to_python(value))

    def clear(self) -> bool:
        """A place in a T3 panel's table is emptied: there it cannot go. What the panel never held,
        and what is a row of ours only, goes."""
        if self.held is None or not self.device.is_panel:
            return False
        for field in self.wanted_fields().values():
            setattr(self, field.attname, field.get_default())
        for name in self.parts:
            parts.assign(self, name, [])
        self.settle({*self.wanted_fields(), *self.parts})
        return True


class PanelRow(HeldRow):
    """A place in one of a device's tables, known by (device, index) or (device, kind, index)."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="%(class)s_rows")
    index = models.PositiveIntegerField(help_text=_("From 0 within the device and kind."))

    # In T3 panels (t3000.models.panel_rules); elsewhere there are no such limits:
    named: ClassVar[tuple[str, ...]] = ()  # names that no two rows of a panel share
    lengths: ClassVar[Mapping[str, int]] = {}  # of texts that may be longer elsewhere
    table_size: ClassVar[int | None] = None  # None: there is no limit

    class Meta:
        abstract = True
        ordering = ["device", "index"]
        constraints = [
            models.UniqueConstraint(fields=["device", "index"], name="%(class)s_identity")
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.index + 1}"

    @property
    def audit_name(self) -> str:
        """With the name that people gave it: IN1 ZNT, weekly schedule 1 OCC."""
        place = str(self)
        called = next(filter(None, (getattr(self, field, "") for field in CALLED)), place)
        return place if called == place else f"{place} {called}"

    @property
    def kinds(self) -> str:
        """What the rows of its table are called."""
        return str(self._meta.verbose_name_plural)

    @property
    def places(self) -> int | None:
        """How many rows the table has that this one would be in."""
        return self.table_size

    @classmethod
    def problems(cls, rows: Sequence[Any]) -> Iterable[tuple[Any, str, str]]:
        panels = panels_of(rows)
        yield from beyond_the_table(rows, panels)
        yield from lacking(rows, panels)
        yield from too_long(rows, panels)
        yield from doubled_names(rows, panels)
        yield from beyond_the_points(rows, panels)
