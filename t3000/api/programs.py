"""Programs, and all versions of each."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Length
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import JsonBytes, JsonText, Note
from devices.api.queries import FieldsQuery, ListQuery
from devices.api.row_form import NAME_LENGTH, RowForm
from devices.api.views import ApiView, DetailView, ListView, no_such
from t3000.api.panel import PanelBase, PanelResource, panel_members
from t3000.domain import programs
from t3000.enums import VersionOrigin
from t3000.models import Program, ProgramVersion
from t3000.models.program import LARGEST_CODE, LONGEST_SOURCE

LONGEST_FILE = 4 * LONGEST_SOURCE  # a character may be four bytes


class ProgramBase(PanelBase):
    code = JsonBytes(
        most=LARGEST_CODE,
        required=False,
        allow_null=True,
        help_text="Byte code, base64, at most 2,000 bytes; null: not compiled from the source yet.",
    )
    size = serializers.IntegerField(read_only=True, help_text="Bytes of code.")
    version = serializers.IntegerField(
        read_only=True, help_text="The number of the present version; 0: nothing was ever written."
    )
    file = JsonBytes(
        most=LONGEST_FILE,
        required=False,
        write_only=True,
        help_text="Instead of source and code, a file as base64: text is the source, anything else "
        "is byte code.",
    )
    file_name = JsonText(
        max_length=NAME_LENGTH,
        required=False,
        write_only=True,
        help_text="Of the file; for the note.",
    )
    note = Note(required=False, write_only=True, help_text="Why; kept with the version.")


class Programs(PanelResource):
    """Programs, by device and index. Whatever is written is a version, which stays."""

    model = Program
    members = panel_members(
        "label",
        "description",
        "on_off",
        "auto_manual",
        "source",
        "code",
        "size",
        "version",
        "execution_time_ms",
        "error",
    )
    read_only = (*PanelResource.read_only, "size", "version", "execution_time_ms", "error")
    secrets = ("file", "file_name", "note")
    volatile = PanelResource.volatile | {"execution_time_ms", "error"}
    base = ProgramBase
    form = RowForm(
        file="file",
        name="file_name",
        most=LONGEST_FILE,
        members=("device", "index", "label", "description", "note"),
    )
    tag = "programs"

    @classmethod
    def annotated(cls) -> QuerySet[Any]:
        versions = ProgramVersion.objects.filter(program=OuterRef("pk")).order_by("-number")
        size = Coalesce(Length("code"), 0, output_field=IntegerField())
        version = Coalesce(Subquery(versions.values("number")[:1]), 0)
        return super().annotated().annotate(size=size, version=version)  # type: ignore[no-any-return]

    def rows(self, queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        return [with_code_as_text(row) for row in super().rows(queryset)]

    def read(self, data: Any, *, is_whole: bool) -> dict[str, Any]:
        values = super().read(data, is_whole=is_whole)
        for name in ("source", "code"):
            other = "code" if name == "source" else "source"
            if other in data and name not in data:
                values.pop(name, None)  # a default is not what was written
        return from_file(values, data)

    def create(self, values: Sequence[Mapping[str, Any]]) -> list[int]:
        return [row.pk for row in programs.create(values, by=self.rights, role=self.role)]

    def update(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        programs.update(changes, by=self.rights, role=self.role)

    def remove(self, ids: Sequence[int]) -> None:
        programs.delete(ids, by=self.rights, role=self.role)


def from_file(values: dict[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The values with what the file holds, where there is one. Raises ValidationError."""
    content, name = values.pop("file", None), values.pop("file_name", "")
    if content is None:
        if name:
            raise ValidationError({"file_name": ["This is the name of no file; give the file."]})
        return values
    if "source" in data or "code" in data:
        raise ValidationError({"file": ["Give a file, or source and code; not both."]})
    values["origin"] = VersionOrigin.FILE
    values["note"] = values.get("note") or name
    source = as_text(content)
    if source is None:
        if len(content) > LARGEST_CODE:
            told = f"This is no text, and too large for byte code: {len(content):,} bytes"
            raise ValidationError({"file": [f"{told}; there is room for {LARGEST_CODE:,}."]})
        return {**values, "source": "", "code": content}
    if len(source) > LONGEST_SOURCE:
        raise ValidationError({"file": [f"A program has at most {LONGEST_SOURCE:,} characters."]})
    return {**values, "source": source, "code": None}


def as_text(content: bytes) -> str | None:
    """What a file says, if it is a text: byte code begins with its length, of which one byte at
    least is none of a text."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text if all(sign.isprintable() or sign in "\r\n\t" for sign in text) else None


def with_code_as_text(row: dict[str, Any]) -> dict[str, Any]:
    code = row.get("code")
    return row if code is None else {**row, "code": base64.b64encode(code).decode()}


class VersionSerializer(serializers.ModelSerializer[ProgramVersion]):
    code = JsonBytes(
        most=LARGEST_CODE,
        read_only=True,
        allow_null=True,
        help_text="Byte code, base64; null: not compiled from the source.",
    )
    size = serializers.IntegerField(read_only=True, help_text="Bytes of code.")

    class Meta:
        model = ProgramVersion
        fields = (
            "id",
            "program",
            "number",
            "created_at",
            "username",
            "origin",
            "note",
            "source",
            "code",
            "size",
        )
        read_only_fields = fields


class VersionRows(ApiView):
    serializer_class = VersionSerializer
    queryset = ProgramVersion.objects.annotate(
        size=Coalesce(Length("code"), 0, output_field=IntegerField())
    ).order_by("-number")
    tag = "programs"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(program=self.kwargs.get("pk"))

    def rows(self, queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        return [with_code_as_text(row) for row in super().rows(queryset)]

    def require_program(self, pk: int) -> None:
        """Raises NotFound."""
        if not self.rights.visible(Program.objects.filter(pk=pk)).exists():
            raise NotFound(no_such(Program, pk))


class VersionList(VersionRows, ListView):
    """All versions of a program, the present one first."""

    queries = {"GET": ListQuery}
    operation = "programs_versions_list"

    def get(self, request: Request, pk: int) -> Response:  # type: ignore[override]  # of a program
        self.require_program(pk)
        return super().get(request)


class VersionDetail(VersionRows, DetailView):
    """One version of a program, by its number."""

    queries = {"GET": FieldsQuery}
    operation = "programs_versions_retrieve"

    def get(self, request: Request, pk: int, number: int) -> Response:  # type: ignore[override]
        self.require_program(pk)
        found = self.rows(self.get_queryset().filter(number=number))
        if not found:
            raise NotFound(f"Program {pk} has no version {number}.")
        return Response(found[0])
