"""System checks of what the Python packages cannot carry."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register("ui")
def front_end_is_built(app_configs: object, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Without the built scripts and styles every page fails. `serve` refuses to start then;
    other commands need no front end."""
    if (settings.STATIC_ROOT / "staticfiles.json").is_file():
        return []
    return [
        checks.Warning(
            "The front end is not built.",
            hint="Run script/install.",
            id="t3000.W001",
        )
    ]
