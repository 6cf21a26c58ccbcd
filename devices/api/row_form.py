"""A row that is sent as a form, because a file comes with it: as browsers and curl send files."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

NAME_LENGTH = 100


@dataclass(frozen=True)
class RowForm:
    """`file` is the member that the file becomes, `name` the one that its name becomes; the schema
    tells of `members` beside it."""

    file: str
    name: str
    most: int  # bytes
    members: tuple[str, ...]

    def read(self, form: QueryDict, row: serializers.Serializer[Any]) -> dict[str, Any]:
        """The row as it would be sent as JSON, the file as base64. In a form all is text: what is
        none in the row is read as JSON. Raises ValidationError."""
        found = {
            name: value if _is_text(row.fields.get(name)) else _json(value)
            for name, value in form.items()
            if not isinstance(value, UploadedFile)
        }
        for name, value in form.items():
            if isinstance(value, UploadedFile):
                found |= self._read_file(name, value)
        return found

    def _read_file(self, name: str, file: UploadedFile) -> dict[str, Any]:
        if name != self.file:
            raise ValidationError({name: [f"This is no file; a file is sent as {self.file}."]})
        if (file.size or 0) > self.most:
            told = f"This has {file.size:,} bytes; it may have {self.most:,}."
            raise ValidationError({name: [told]})
        content = base64.b64encode(file.read()).decode()
        return {name: content, self.name: str(file.name)[:NAME_LENGTH]}

    def schema(self, row: Mapping[str, Any], *, is_whole: bool) -> dict[str, Any]:
        """As OpenAPI tells it; `row`: the schema of the row as JSON."""
        needed = [name for name in self.members if is_whole and name in row["required"]]
        told = row["properties"]
        room = f"At most {self.most:,} bytes."
        file = {"type": "string", "format": "binary", "description": room}
        return {
            "type": "object",
            "properties": {**{name: told[name] for name in self.members}, self.file: file},
            "required": [*needed, self.file],
            "additionalProperties": False,
        }


def _is_text(field: Any) -> bool:
    return isinstance(field, serializers.CharField)


def _json(value: Any) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value  # what is wrong with it is told as of any other value
