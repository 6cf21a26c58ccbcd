import pytest
from hypothesis import given
from hypothesis import strategies as st

from t3000.domain.text import asked_text, state_texts, value_text


@pytest.mark.parametrize(
    ("value", "units", "text"),
    [
        (21.84, "°C", "21.8"),
        (-0.94, "°C", "−0.9"),
        (-0.04, "°C", "0.0"),
        (0, "%", "0.0"),
        (0.347, "bar", "0.35"),
        (412.34, "L/s", "412.3"),
        (412.0, "L/s", "412.0"),
        (18204.6, "kWh", "18,205"),
        (650.4, "ppm", "650"),
        (-5.25, "°C", "−5.2"),
        (None, "°C", "no value"),
    ],
)
def test_analog(value: float | None, units: str, text: str) -> None:
    assert value_text(value, units=units, states=[], kind_of="analog-input") == text


@pytest.mark.parametrize(
    ("kind_of", "value", "text"),
    [
        ("binary-input", 0, "Stopped"),
        ("binary-input", 1, "Running"),
        ("binary-input", 2, "State 2"),
        ("input", 0, "Stopped"),  # of a T3: its range is digital
        ("output", 1, "Running"),
        ("multi-state-value", 1, "Stopped"),
        ("multi-state-value", 2, "Running"),
        ("multi-state-value", 0, "State 0"),
        ("multi-state-value", 3, "State 3"),
    ],
)
def test_states(kind_of: str, value: float, text: str) -> None:
    states = ["Stopped", "Running"]
    assert value_text(value, units="", states=states, kind_of=kind_of) == text


def test_a_point_of_a_t3_without_states_is_a_number() -> None:
    assert value_text(21.84, units="°C", states=[], kind_of="input") == "21.8"


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "°C", "ppm"]))
def test_any_number_has_a_text_without_a_negative_zero(value: float, units: str) -> None:
    text = value_text(value, units=units, states=[], kind_of="analog-value")
    assert text
    assert "-" not in text
    assert text.strip("−0.,") or not text.startswith("−")


@pytest.mark.parametrize(
    ("value", "units", "text"),
    [
        (55.0, "%", "55.0"),
        (21.25, "°C", "21.25"),
        (650.0, "ppm", "650"),
        (650.5, "ppm", "650.5"),
        (1234.0, "kW", "1,234"),
        (1234.5, "kW", "1,234.5"),
        (-3.0, "°C", "−3.0"),
        (0.000001, "bar", "0.000001"),
    ],
)
def test_what_is_asked_for_is_not_rounded(value: float, units: str, text: str) -> None:
    assert asked_text(value, units=units, states=[], kind_of="analog-output") == text


def test_a_state_is_asked_for_by_its_name() -> None:
    assert asked_text(1, units="", states=["Off", "On"], kind_of="binary-output") == "On"


@pytest.mark.parametrize(
    ("kind_of", "states", "texts"),
    [
        ("analog-output", [], {}),
        ("binary-output", ["Off", "On"], {0: "Off", 1: "On"}),
        ("binary-output", [], {0: "State 0", 1: "State 1"}),
        ("multi-state-value", ["Off", "", "On"], {1: "Off", 2: "State 2", 3: "On"}),
        ("multi-state-value", [], {1: "State 1"}),
    ],
)
def test_states_to_choose_from(kind_of: str, states: list[str], texts: dict[int, str]) -> None:
    assert state_texts(states=states, kind_of=kind_of) == texts
