"""Single bytes of a panel's blocks."""

from protocols.errors import CodecError


def byte(value: int) -> int:
    """The value if it is one byte. Raises CodecError."""
    if not 0 <= value <= 0xFF:
        raise CodecError(f"{value} is no byte; bytes go from 0 to 255")
    return value
