"""docs/schema.md says what the models say."""

from io import StringIO
from pathlib import Path

from django.apps import apps
from django.core.management import call_command

from devices.models.audited import Audited
from t3000.models import HardwareInfo, PortHealth

PAGE = Path(__file__).parents[2] / "docs" / "schema.md"


def test_the_page_is_what_the_models_tell() -> None:
    output = StringIO()
    call_command("schema", stdout=output)
    assert PAGE.read_text() == output.getvalue(), "run: manage.py schema > docs/schema.md"


def test_what_people_configure_is_explained() -> None:
    """A choice explains itself, a reference by what it leads to."""
    told = [
        f"{model.__name__}.{field.name}"
        for app in ("devices", "t3000")
        for model in apps.get_app_config(app).get_models()
        if issubclass(model, Audited | HardwareInfo | PortHealth)
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.is_relation or field.choices or field.help_text)
    ]
    assert told == []
