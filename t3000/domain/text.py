"""A value as people read it. The only place that formats one: pages and live updates agree."""

from collections.abc import Sequence

from t3000.enums import Shape

NO_VALUE = "no value"
# Digits after the point that people expect of a unit; others go by the size of the number.
DECIMALS = {
    **dict.fromkeys(("°C", "°F", "K", "%", "% RH", "V", "kW", "m/s"), 1),
    **dict.fromkeys(("ppm", "Pa", "hPa", "rpm", "lx", "W/m²", "°"), 0),
}
MINUS = "\N{MINUS SIGN}"


def value_text(value: float | None, *, units: str, states: Sequence[str], kind_of: str) -> str:
    """The value without its unit. `kind_of` is the object type, which with the states tells what
    values there are (t3000.enums.Shape).

    Binary values count their states from 0, multi-state values from 1.
    """
    if value is None:
        return NO_VALUE
    shape = Shape.of(kind_of, states)
    if shape is not Shape.NUMBER:
        return _state_text(int(value), states, first=0 if shape is Shape.BINARY else 1)
    return _number_text(value, units)


def asked_text(value: float, *, units: str, states: Sequence[str], kind_of: str) -> str:
    """What somebody asks for: as a value is shown, but never rounded. commands.js says it alike."""
    if Shape.of(kind_of, states) is not Shape.NUMBER:
        return value_text(value, units=units, states=states, kind_of=kind_of)
    fewest = 0 if abs(value) >= 1000 else usual_decimals(units)
    whole, _, digits = f"{value:,.6f}".partition(".")
    digits = digits.rstrip("0").ljust(fewest, "0")
    return f"{whole}.{digits}".rstrip(".").replace("-", MINUS)


def state_texts(*, states: Sequence[str], kind_of: str) -> dict[int, str]:
    """What can be chosen of a binary or multi-state, by value. Nothing of a number."""
    shape = Shape.of(kind_of, states)
    if shape is Shape.NUMBER:
        return {}
    first = 0 if shape is Shape.BINARY else 1
    numbers = range(first, first + max(len(states), 2 if first == 0 else 1))
    return {number: _state_text(number, states, first=first) for number in numbers}


def usual_decimals(units: str) -> int:
    """How many digits after the point people expect, whatever the size of the number."""
    return DECIMALS.get(units, 1)


def _state_text(state: int, states: Sequence[str], *, first: int) -> str:
    position = state - first
    if 0 <= position < len(states) and states[position]:
        return states[position]
    return f"State {state}"


def _number_text(value: float, units: str) -> str:
    size = abs(value)
    if size >= 1000:
        decimals = 0
    elif units in DECIMALS:
        decimals = DECIMALS[units]
    else:
        decimals = 1 if size >= 1 or value == 0 else 2
    text = f"{value:,.{decimals}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else MINUS + text[1:]
    return text
