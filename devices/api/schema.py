"""How the endpoints describe themselves in OpenAPI: their parameters, and every refusal."""

from http import HTTPStatus
from typing import Any, cast

from django.core.validators import RegexValidator
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiParameter

from devices.api.authentication import TokenScheme  # registers itself
from devices.api.etags import CHANGED
from devices.api.problems import MEDIA_TYPE, SIGN_IN, ProblemSerializer, Wrong
from devices.api.queries import Closed, FieldsQuery, ListQuery
from devices.api.resources import Resource
from devices.api.row_form import RowForm
from devices.api.serializers import PartsSerializer, RowSerializer
from devices.api.views import ApiView, ListView, no_such
from devices.domain.rights import AT_A_SITE, Lacks

__all__ = ["ApiSchema", "TokenScheme", "without_second_spelling"]

EXAMPLES = {
    401: SIGN_IN,
    406: "Could not satisfy the request Accept header. application/json is told here.",
    412: CHANGED,
    413: "The body is too large.",
    415: 'Unsupported media type "text/plain" in request. application/json is taken here.',
    429: "Request was throttled. Expected available in 3 seconds.",
}
HEADERS = {
    401: {"WWW-Authenticate": "What would be accepted: Token."},
    405: {"Allow": "The methods that are possible."},
    429: {"Retry-After": "Seconds to wait."},
}

FORM = "multipart/form-data"
# What Python strips, of which \s in other languages leaves out the separators 1C to 1F and 85.
WRITTEN = "^[^\\u0000]*[^\\s\\u0000\\u001c-\\u001f\\u0085][^\\u0000]*$"
NOT_EMPTY = "^[^\\u0000]+$"
WRONG_PARAMETER = Wrong(field="colour", detail="There is no such parameter; none is taken here.")
LOCATION = OpenApiParameter(
    "Location",
    location=OpenApiParameter.HEADER,
    response=[202],
    description="Where to ask how far it is.",
)


class ApiSchema(AutoSchema):
    """Reads what `ApiView` declares."""

    view: ApiView  # type: ignore[override]  # nothing else has this schema

    def get_override_parameters(self) -> list[Any]:
        query = self.view.queries.get(self.method)
        told: list[Any] = [query] if query is not None else []
        if query is not None and issubclass(query, FieldsQuery):
            told.append(_choices("fields", self.view.told(), "Only these members of each row."))
        if query is not None and issubclass(query, ListQuery):
            names = [
                f"{sign}{name}"
                for name in cast("ListView", self.view).sortable()
                for sign in ("", "-")
            ]
            told.append(_choices("ordering", names, "Sort by these; - begins at the other end."))
        if self.method == "POST":
            told.append(LOCATION)
        return told

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_operation_id(self) -> str:
        return self.view.operation or str(super().get_operation_id())

    def _is_list_view(self, serializer: Any = None) -> bool:
        return isinstance(self.view, ListView) and self.method == "GET"

    def _map_serializer(self, serializer: Any, *args: Any, **options: Any) -> Any:
        told = super()._map_serializer(  # type: ignore[no-untyped-call]
            serializer, *args, **options
        )
        if isinstance(serializer, Closed | RowSerializer):
            told = {**told, "additionalProperties": False}
        if hasattr(serializer, "always"):  # also of a part of a row
            told["required"] = serializer.always
        if options.get("direction", args[0] if args else "") == "response":
            told.pop("required", None)  # `fields` leaves out what was not asked for
        return told

    def _get_request_body(self, direction: Direction = "request") -> Any:
        body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        if body and self.view.needs_body:
            body["required"] = True
        if body and FORM in body["content"]:
            resource = cast("Resource", self.view)
            row = self.resolve_serializer(resource.get_serializer_class(), direction).schema
            form = cast("RowForm", resource.form).schema(row, is_whole=self.method != "PATCH")
            body["content"][FORM]["schema"] = form
        return body

    def _map_serializer_field(self, field: Any, *args: Any, **options: Any) -> Any:
        told = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, *args, **options
        )
        if isinstance(field, PartsSerializer) and field.max_length is not None:
            told = {**told, "maxItems": field.max_length}
        return told

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for status in self._refusals():
            bodies[str(status)] = self._refusal(status)
        return bodies

    def _refusals(self) -> list[int]:
        statuses = {400, 401, 405, 406}
        if isinstance(self.view, ListView) or "{" in self.path:
            statuses.add(404)
        if self.method != "GET":
            statuses |= {403, 413, 415, *self.view.refusals}
        return sorted(statuses)

    def _not_found(self) -> str:
        if isinstance(self.view, ListView):
            return "There is no page 9; the last one is 3."
        return no_such(self.view.get_queryset().model, 7) if "{" in self.path else ""

    def _refusal(self, status: int) -> dict[str, Any]:
        phrase = HTTPStatus(status).phrase
        wrong = WRONG_PARAMETER if self.method in ("GET", "DELETE") else self.view.wrong
        details = {
            **EXAMPLES,
            400: f"{wrong['field']}: {wrong['detail']}",
            403: str(Lacks(self.view.role, where=AT_A_SITE)),
            404: self._not_found(),
            405: "DELETE is not possible here; GET or HEAD is.",
            409: self.view.conflict,
        }
        example: dict[str, Any] = {
            "type": "about:blank",
            "title": phrase,
            "status": status,
            "detail": details[status],
            "instance": self.path.replace("{id}", "7"),
        }
        if status == HTTPStatus.BAD_REQUEST:
            example["errors"] = [wrong]
        component = self.resolve_serializer(ProblemSerializer, "response")
        body: dict[str, Any] = {
            "description": phrase,
            "content": {MEDIA_TYPE: {"schema": component.ref, "example": example}},
        }
        if status in HEADERS:
            body["headers"] = {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in HEADERS[status].items()
            }
        return body


class TextExtension(OpenApiSerializerFieldExtension):
    """What a text must not be: NUL in it, or nothing but white space."""

    target_class = "devices.api.fields.JsonText"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        told: dict[str, Any] = auto_schema._map_serializer_field(  # type: ignore[no-untyped-call]
            self.target, direction, bypass_extensions=True
        )
        has_pattern = any(isinstance(one, RegexValidator) for one in self.target.validators)
        if direction == "request" and "pattern" not in told and not has_pattern:
            # That it may be empty is told beside the pattern.
            told["pattern"] = NOT_EMPTY if self.target.allow_blank else WRITTEN
        return told


def _choices(name: str, choices: list[str], told: str) -> OpenApiParameter:
    """Some of these, with commas between."""
    names = {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string", "enum": choices},
    }
    return OpenApiParameter(name, names, style="form", explode=False, description=told)


def without_second_spelling(endpoints: list[tuple[str, str, str, Any]]) -> list[Any]:
    """The slash at the end is optional; one spelling is told."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
