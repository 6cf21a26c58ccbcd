"""References to points as texts: 144IN3, or IN3 of the panel itself."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from protocols.t3 import references
from t3000.enums import PointType

LENGTH = 32


class ReferenceField(models.CharField):  # type: ignore[type-arg]  # generic in the stubs only
    """A point as people write it, in one spelling; empty where there is none. `kinds`: only points
    of these types; `local`: only of the panel itself."""

    def __init__(
        self, *args: Any, kinds: Collection[int] = (), local: bool = False, **options: Any
    ) -> None:
        self.kinds, self.local = tuple(kinds), local
        super().__init__(*args, **{"max_length": LENGTH, "blank": True, "default": "", **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for one in ("max_length", "blank", "default"):
            options.pop(one, None)
        return name, path, args, options  # what may be referred to is not the database's matter

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if not value:
            return
        try:
            found = references.parse(value)
        except ValueError as error:
            raise ValidationError(_sentence(error)) from None
        if str(found) != value:
            raise ValidationError(_("Write it as %(text)s.") % {"text": found})
        if self.kinds and found.kind not in self.kinds:
            told = " or ".join(str(PointType(kind).label) for kind in self.kinds)
            raise ValidationError(
                _("%(text)s is another kind of point; here it is: %(kinds)s.")
                % {"text": value, "kinds": told}
            )
        if self.local and found.panel:
            raise ValidationError(
                _("Only points of the panel itself can be here: write it without %(panel)d.")
                % {"panel": found.panel}
            )


def _sentence(error: ValueError) -> str:
    text = str(error)
    return f"{text[0].upper()}{text[1:]}."
