"""Everything that can go wrong between us and a device, in one tree of two halves.

`FieldError`: expected, the caller handles it. Those with `retryable` may work on another try.
`CodecError`: a bug of ours, or bytes that no correct device sends.

Every error names the device and, where there is one, the point, and keeps its cause.
"""

from protocols.types import Endpoint, PointAddress


class ProtocolError(Exception):
    """Base of the tree."""

    retryable = False

    def __init__(
        self,
        message: str,
        *,
        endpoint: Endpoint | None = None,
        point: PointAddress | None = None,
    ) -> None:
        self.message = message
        self.endpoint = endpoint
        self.point = point
        super().__init__(message)

    def __str__(self) -> str:
        where = [str(part) for part in (self.point, self.endpoint) if part is not None]
        cause = f" ({self.__cause__})" if self.__cause__ and str(self.__cause__) else ""
        return f"{' of '.join(where)}: {self.message}{cause}" if where else self.message + cause


# Expected: the caller decides what to do.


class FieldError(ProtocolError):
    """The field did something that fields do."""


class Unreachable(FieldError):
    """The network could not be opened, or nothing carries our packets there."""

    retryable = True


class Timeout(FieldError):
    """No answer within the time allowed, all tries included."""

    retryable = True


class Busy(FieldError):
    """The device is there but has no room for us now."""

    retryable = True


class Refused(FieldError):
    """The device understood and said no; its reason is the message."""


class Unsupported(FieldError):
    """The device or the driver does not have this service."""


class BadPoint(FieldError):
    """The device does not know this point."""


# Bugs: ours, or bytes that make no sense.


class CodecError(ProtocolError):
    """Bytes that could not be decoded, or a value that could not be encoded."""
