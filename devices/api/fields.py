"""Values as clients write them. Taken only in the form that the schema tells, never guessed."""

import re
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

LARGEST_ID = 2**63 - 1
LONGEST_SEARCH = 100


class WholeNumber(serializers.IntegerField):
    """A whole number in the address."""

    default_error_messages = {
        "invalid": "This is not a whole number; write one such as 7.",
        "min_value": "This is too small; the smallest is {min_value}.",
        "max_value": "This is too large; the largest is {max_value}.",
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

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_SEARCH, trim_whitespace=False, **options)


class JsonId(serializers.IntegerField):
    """An id in a body: a JSON number, not a text that holds one."""

    default_error_messages = {"invalid": "This is not a whole number; write one such as 7."}

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **options)

    def to_internal_value(self, data: Any) -> int:
        return whole_number(self, data)


def whole_number(field: serializers.Field[Any, Any, Any, Any], data: Any) -> int:
    """JSON knows one kind of number: 8 and 8.0 are the same."""
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if type(data) is not int:
        field.fail("invalid")
    return int(data)
