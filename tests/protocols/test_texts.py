import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.texts import clean


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("AHU-1", "AHU-1"),
        ("  Zuluft °C ", "Zuluft °C"),
        ("A\0HU\x1b[31m", "AHU[31m"),
        ("Supply\r\nair", "Supply air"),
        ("Supply\N{NO-BREAK SPACE}air", "Supply air"),
        ("\ud83d half", "half"),
        ("\0\n\t", ""),
    ],
)
def test_clean(given: str, shown: str) -> None:
    assert clean(given) == shown


@given(st.text(st.characters()))
def test_whatever_is_given_can_be_stored_and_logged(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.isprintable()
    assert cleaned == clean(cleaned)
    cleaned.encode()
