"""docs/schema.md says what the models say."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

PAGE = Path(__file__).parents[2] / "docs" / "schema.md"


def test_the_page_is_what_the_models_tell() -> None:
    output = StringIO()
    call_command("schema", stdout=output)
    assert PAGE.read_text() == output.getvalue(), "run: manage.py schema > docs/schema.md"
