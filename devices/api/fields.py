"""Values as clients write them. Taken only in the form that the schema tells, never guessed."""

import base64
import re
from datetime import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from devices.models.command import NOTE_LENGTH

LARGEST_ID = 2**63 - 1
LONGEST_SEARCH = 100
LONGEST_NAMES = 5000
LONGEST_WAIT = 10
BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,3})?)?")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

TOO_LONG = "This is too long; there can be {max_length} characters."
BOUNDS = {
    "min_value": "This is too small; the smallest is {min_value}.",
    "max_value": "This is too large; the largest is {max_value}.",
}

IP_VERSIONS = {"ipv4": IPv4Address, "ipv6": IPv6Address, "both": ip_address}


class WholeNumber(serializers.IntegerField):
    """A whole number in the address."""

    default_error_messages = {
        "invalid": "This is not a whole number; write one such as 7.",
        **BOUNDS,
    }

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not re.fullmatch("-?[0-9]{1,20}", data):
            self.fail("invalid")
        return int(data)


class Id(WholeNumber):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **options)


class YesNo(serializers.BooleanField):
    """true or false in the address."""

    default_error_messages = {"invalid": "This is neither true nor false."}

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            self.fail("invalid")
        return bool(data == "true")


class WaitSeconds(serializers.FloatField):
    """Seconds in the address."""

    default_error_messages = {
        "invalid": "This is not a number of seconds; write one such as 2.",
        **BOUNDS,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=LONGEST_WAIT, **options)

    def to_internal_value(self, data: Any) -> float:
        if not isinstance(data, str) or not DECIMAL.fullmatch(data):
            self.fail("invalid")
        return float(data)


class Choice(serializers.ChoiceField):
    """One of the words of an enumeration."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(
                f'"{data}" is not known; write one of {", ".join(self.choices)}.'
            )
        return data


@extend_schema_field({"type": "string", "maxLength": LONGEST_SEARCH, "pattern": "^[^\\u0000]*$"})
class Search(serializers.CharField):
    """Part of a text. PostgreSQL refuses NUL characters, so we do at once."""

    default_error_messages = {"max_length": TOO_LONG}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_SEARCH, trim_whitespace=False, **options)


class Names(serializers.CharField):
    """Names in the address, with commas between, each once."""

    default_error_messages = {"max_length": TOO_LONG}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_NAMES, **options)

    def to_internal_value(self, data: Any) -> Any:
        names = super().to_internal_value(data).split(",")
        if len(set(names)) < len(names):
            raise serializers.ValidationError("A name is given twice; give it once.")
        return names


class JsonNumber(serializers.FloatField):
    """A JSON number, not a text that holds one."""

    default_error_messages = {"invalid": "This is not a number; write one such as 21.5.", **BOUNDS}

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            return float(data)
        except OverflowError:
            self.fail("invalid")


class JsonInteger(serializers.IntegerField):
    """A whole JSON number."""

    default_error_messages = {
        "invalid": "This is not a whole number; write one such as 8.",
        **BOUNDS,
    }

    def to_internal_value(self, data: Any) -> int:
        return whole_number(self, data)


class Moment(serializers.DateTimeField):
    """A time that says its distance from UTC: nobody must guess whose clock is meant."""

    default_error_messages = {
        "invalid": "This is not a time with its distance from UTC; write one as "
        "2026-11-23T18:00:00Z or 2026-11-23T19:00:00+01:00.",
        "overflow": "This is before the year 1 or after the year 9999 in UTC.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not RFC3339.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class JsonText(serializers.CharField):
    """A JSON text. PostgreSQL refuses NUL characters, so we do at once."""

    default_error_messages = {"invalid": "This is not a text.", "max_length": TOO_LONG}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


@extend_schema_field({"type": "string", "contentEncoding": "base64", "pattern": BASE64})
class JsonBytes(serializers.Field[Any, Any, Any, Any]):
    """Bytes as base64, at most so many."""

    default_error_messages = {
        "invalid": "This is not base64; write one such as EgABCg==.",
        "max_length": "These are {length:,} bytes; there is room for {most:,}.",
    }

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most

    def to_internal_value(self, data: Any) -> bytes:
        try:
            content = base64.b64decode(data, validate=True)
        except (TypeError, ValueError):
            self.fail("invalid")
        if len(content) > self.most:
            self.fail("max_length", length=len(content), most=self.most)
        return content

    def to_representation(self, value: Any) -> str:
        return base64.b64encode(value).decode()


class JsonList(serializers.ListField):
    default_error_messages = {
        "min_length": "These are too few; there must be {min_length}.",
        "max_length": "These are too many; there can be {max_length}.",
    }


class JsonBoolean(serializers.BooleanField):
    default_error_messages = {"invalid": "This is neither true nor false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class JsonChoice(serializers.ChoiceField):
    """One of the values of an enumeration, as the schema tells them."""

    def to_internal_value(self, data: Any) -> Any:
        known = {(type(choice), choice) for choice in self.choices}
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if data == "" and self.allow_blank:
            return ""
        if isinstance(data, list | dict) or (type(data), data) not in known:
            told = ", ".join(f"{choice} ({label})" for choice, label in self.choices.items())
            raise serializers.ValidationError(f"{data!r} is not one of them; write one of {told}.")
        return data


class JsonAddress(serializers.IPAddressField):
    """An IP address as a JSON text."""

    default_error_messages = {"invalid": "This is not an IPv4 address; write one as 192.168.1.20."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            IP_VERSIONS[self.protocol](data)
        except ValueError:
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "date"})
class JsonDate(serializers.DateField):
    default_error_messages = {"invalid": "This is not a date; write one as 2026-11-23."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not DATE.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": f"^{TIME.pattern}$"})
class TimeOfDay(serializers.TimeField):
    """A time of a day, of whatever clock."""

    default_error_messages = {"invalid": "This is not a time of a day; write one as 08:00."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not TIME.fullmatch(data):
            self.fail("invalid")
        return time.fromisoformat(data)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "boolean"},
            {"type": "number"},
            {"type": "string", "pattern": "^[^\\u0000]*$"},
        ]
    }
)
class Scalar(serializers.Field[Any, Any, Any, Any]):
    """A value of any simple type, or null. Which it must be is said by the row."""

    default_error_messages = {"invalid": "This is neither a number, a text, true, false nor null."}

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, int | float | str) or (isinstance(data, str) and "\0" in data):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "string", "pattern": "^[^\\u0000]*$", "maxLength": NOTE_LENGTH})
class Note(serializers.CharField):
    """Why, in somebody's words."""

    default_error_messages = {"invalid": "This is not a text.", "max_length": TOO_LONG}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=NOTE_LENGTH, **options)

    def run_validation(self, data: Any = "") -> Any:
        is_blank = isinstance(data, str) and not data.strip()
        return "" if is_blank else super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class JsonId(JsonInteger):
    """An id in a body."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **options)


def whole_number(field: serializers.Field[Any, Any, Any, Any], data: Any) -> int:
    """JSON knows one kind of number: 8 and 8.0 are the same."""
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if type(data) is not int:
        field.fail("invalid")
    return int(data)
