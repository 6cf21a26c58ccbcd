"""What a Modbus exception says, as the project's errors (Modbus Application Protocol, clause 7)."""

from protocols.errors import BadPoint, Busy, FieldError, Refused, Unreachable
from protocols.types import Endpoint

_MEANINGS: dict[int, tuple[type[FieldError], str]] = {
    1: (Refused, "it does not know this function"),
    2: (BadPoint, "it does not have these registers"),
    3: (Refused, "it does not take this value or this many registers"),
    4: (Refused, "it failed while it did this"),
    5: (Busy, "it has begun and needs more time"),
    6: (Busy, "it is busy with something else"),
    8: (Refused, "its memory is damaged"),
    10: (Unreachable, "the gateway answers, but has no way to the device behind it"),
    11: (Unreachable, "the gateway answers, the device behind it does not"),
}


# What came of a write is not known after these: it was taken, or it was handed on.
IN_DOUBT = (5, 11)


def translate(code: int, endpoint: Endpoint) -> FieldError:
    """The error that says the same."""
    kind, meaning = _MEANINGS.get(code, (Refused, "the standard does not say what this means"))
    return kind(f"{meaning} (Modbus exception {code})", endpoint=endpoint)
