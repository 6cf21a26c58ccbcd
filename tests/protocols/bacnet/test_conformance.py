"""docs/conformance.md says what the driver does."""

from pathlib import Path

from tests.conformance import observe, page

PAGE = Path(__file__).parents[3] / "docs" / "conformance.md"


async def test_the_page_says_what_is_observed() -> None:
    observed = page(await observe())
    assert PAGE.read_text() == observed, "run: python -m tests.conformance > docs/conformance.md"
