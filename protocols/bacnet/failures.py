"""What a device answers instead of what was asked, in our words: bacpypes3's errors (they derive
from BaseException) and those of our own codec."""

from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    ErrorRejectAbortNack,
    RejectPDU,
    RejectReason,
    WritePropertyMultipleError,
)
from bacpypes3.basetypes import ErrorCode

from protocols.bacnet.codec import apdu
from protocols.bacnet.codec.services import decode_error
from protocols.errors import BadPoint, Busy, FieldError, Refused, Timeout, Unreachable, Unsupported
from protocols.types import Endpoint, PointAddress

_NO_ANSWER = {AbortReason.noResponse, AbortReason.tsmTimeout}
_TOO_LONG = {
    AbortReason.apduTooLong,
    AbortReason.bufferOverflow,
    AbortReason.segmentationNotSupported,
}
_TOO_MUCH = {RejectReason.bufferOverflow, RejectReason.tooManyArguments}
_NO_ROOM = {AbortReason.outOfResources, AbortReason.preemptedByHigherPriorityTask}
# Why a property was not written, in an operator's words (clause 18); others keep the standard's.
_REASONS = {
    "value-out-of-range": "the value is out of the range that the device allows",
    "write-access-denied": "the device does not let it be written",
    "invalid-data-type": "the device wants another type of value",
    "value-not-initialized": "the device has no value for it yet",
}
_UNKNOWN_POINT = {"unknown-object", "unknown-property", "unsupported-object-type"}


class ReplyTooLong(FieldError):
    """The device cannot send a reply of this size: ask for less."""


def translate(  # noqa: PLR0911  a table, read from top to bottom
    error: ErrorRejectAbortNack, endpoint: Endpoint, point: PointAddress | None = None
) -> FieldError:
    """The error that says the same (135-2020 clauses 18.9 to 18.11)."""
    if isinstance(error, WritePropertyMultipleError):  # of the first write that it refused
        told = error.errorType
        code = str(told.errorCode)
        return _of_code(code, f"{told.errorClass}: {code}", endpoint, point)
    text = str(error)
    if isinstance(error, AbortPDU):
        reason = error.apduAbortRejectReason
        if reason in _NO_ANSWER:
            return Timeout("no answer", endpoint=endpoint, point=point)
        if reason in _TOO_LONG:
            return ReplyTooLong(f"aborted: {text}", endpoint=endpoint, point=point)
        if reason in _NO_ROOM:
            return Busy(f"aborted: {text}", endpoint=endpoint, point=point)
        return Refused(f"aborted: {text}", endpoint=endpoint, point=point)
    if isinstance(error, RejectPDU):
        if error.apduAbortRejectReason == RejectReason.unrecognizedService:
            return Unsupported("the device lacks this service", endpoint=endpoint, point=point)
        if error.apduAbortRejectReason in _TOO_MUCH:
            return ReplyTooLong(f"rejected: {text}", endpoint=endpoint, point=point)
        return Refused(f"rejected: {text}", endpoint=endpoint, point=point)
    if not hasattr(error, "errorCode"):  # a network-layer nack: no route to that network
        return Unreachable(text, endpoint=endpoint, point=point)
    return _of_code(str(error.errorCode), text, endpoint, point)


def _of_code(code: str, text: str, endpoint: Endpoint, point: PointAddress | None) -> FieldError:
    if code == "unknown-route":  # bacpypes3's own word, before anything was sent
        return Unreachable("no router tells of its network", endpoint=endpoint, point=point)
    if code in _UNKNOWN_POINT:
        return BadPoint(text, endpoint=endpoint, point=point)
    reason = f"{_REASONS[code]} ({code})" if code in _REASONS else text
    return Refused(reason, endpoint=endpoint, point=point)


def refusal(reply: apdu.Reply, endpoint: Endpoint) -> FieldError:
    """The error that says the same as an answer to our own codec. Raises CodecError."""
    if isinstance(reply, apdu.Error):
        error = decode_error(reply.data)
        kind = BadPoint if is_unknown_point(error.error_code) else Refused
        return kind(str(ErrorCode(error.error_code)), endpoint=endpoint)
    if isinstance(reply, apdu.Abort):
        return translate(AbortPDU(reason=reply.reason), endpoint)
    if isinstance(reply, apdu.Reject):
        return translate(RejectPDU(reason=reply.reason), endpoint)
    if isinstance(reply, apdu.ComplexAck):
        return ReplyTooLong("it answers in segments", endpoint=endpoint)
    return Refused("it acknowledges what was no write", endpoint=endpoint)


def is_unknown_point(error_code: int) -> bool:
    return str(ErrorCode(error_code)) in _UNKNOWN_POINT
