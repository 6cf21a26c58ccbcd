"""How the endpoints describe themselves in OpenAPI: their parameters, and every refusal."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema

from devices.api.authentication import TokenScheme  # registers itself
from devices.api.problems import MEDIA_TYPE, SIGN_IN, ProblemSerializer
from devices.api.views import ApiView, ListView

__all__ = ["ApiSchema", "TokenScheme", "without_second_spelling"]

EXAMPLES = {
    400: "device: This is not a whole number; write one such as 7.",
    401: SIGN_IN,
    403: "You lack the right devices.add_device; an administrator can give it to you.",
    404: "There is no point 7.",
    405: "PUT is not possible here; GET or HEAD is.",
    406: "Could not satisfy the request Accept header.",
    409: "The device does not allow it now.",
    412: "The value changed since its ETag was given.",
    413: "The body is too large.",
    415: 'Unsupported media type "text/plain" in request.',
    429: "Request was throttled. Expected available in 3 seconds.",
}
HEADERS = {
    401: {"WWW-Authenticate": "What would be accepted: Token."},
    405: {"Allow": "The methods that are possible."},
    429: {"Retry-After": "Seconds to wait."},
}


class ApiSchema(AutoSchema):
    """Reads what `ApiView` declares."""

    view: ApiView  # type: ignore[override]  # nothing else has this schema

    def get_override_parameters(self) -> list[Any]:
        query = self.view.queries.get(self.method)
        return [query] if query is not None else []

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_operation_id(self) -> str:
        return getattr(self.view, "operation", None) or str(super().get_operation_id())

    def _is_list_view(self, serializer: Any = None) -> bool:
        return isinstance(self.view, ListView)

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
            statuses |= {403, 413, 415, *getattr(self.view, "refusals", ())}
        return sorted(statuses)

    def _refusal(self, status: int) -> dict[str, Any]:
        phrase = HTTPStatus(status).phrase
        example: dict[str, Any] = {
            "type": "about:blank",
            "title": phrase,
            "status": status,
            "detail": EXAMPLES[status],
            "instance": self.path,
        }
        if status == HTTPStatus.BAD_REQUEST:
            field, _, detail = EXAMPLES[status].partition(": ")
            example["errors"] = [{"field": field, "detail": detail}]
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


def without_second_spelling(endpoints: list[tuple[str, str, str, Any]]) -> list[Any]:
    """The slash at the end is optional; one spelling is told."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
