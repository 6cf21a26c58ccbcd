from protocols.errors import BadPoint, CodecError, FieldError, Refused, Timeout
from protocols.types import Endpoint, PointAddress

ENDPOINT = Endpoint("192.0.2.1:47808", 237219)


def test_error_names_point_and_device() -> None:
    error = BadPoint("unknown-object", endpoint=ENDPOINT, point=PointAddress("analog-input", 3))
    expected = "analog-input,3 of device 237219 at 192.0.2.1:47808: unknown-object"
    assert str(error) == expected


def test_error_keeps_its_cause() -> None:
    error = CodecError("the reply makes no sense", endpoint=ENDPOINT)
    error.__cause__ = ValueError("tag 9")
    assert str(error).endswith("the reply makes no sense (tag 9)")


def test_retryable_is_known_at_the_raise() -> None:
    assert Timeout("no answer").retryable
    assert not Refused("write-access-denied").retryable
    assert not issubclass(CodecError, FieldError)
