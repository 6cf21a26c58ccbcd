"""Numbers that a panel holds with so many decimals: finer ones it would never be seen to hold."""

from typing import Any

from django.core.validators import BaseValidator
from django.utils.translation import gettext_lazy as _


class MostDecimals(BaseValidator):
    """Refuses what has more digits after the point than `limit_value`."""

    message = _("%(value)s is too fine; write at most %(limit_value)d digits after the point.")
    code = "too_fine"

    def compare(self, a: Any, b: Any) -> bool:
        return not abs(round(a, b) - a) < 1e-9  # what is no number is not finer, but not right
