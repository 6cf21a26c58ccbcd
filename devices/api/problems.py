"""Every refusal under /api/ as a problem of RFC 9457: what is wrong, where, what would be right."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypedDict

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions, serializers
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

MEDIA_TYPE = "application/problem+json"
STOCK = {  # what REST framework says by these codes, with what would be right
    "required": "This is required and missing.",
    "null": "This cannot be null; give a value.",
    "blank": "This cannot be blank; give a text.",
    "empty": "This list cannot be empty; give one at least.",
    "not_a_list": "This is not a list; write one such as [1, 2].",
    "not_a_dict": 'This is not an object; write one such as {"name": "A"}.',
}
NAMED = 5  # fields in a summary; the errors name all
SIGN_IN = "Sign in, or send a token in the header: Authorization: Token ..."


class Wrong(TypedDict):
    field: str
    detail: str


class WrongSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text='The member or parameter; "body" for the whole.')
    detail = serializers.CharField(help_text="What is wrong with it, and what would be right.")


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal as RFC 9457 has it. Nothing was stored and nothing was sent."""

    type = serializers.CharField(help_text="about:blank: the status says what kind it is.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong in this case.")
    instance = serializers.CharField(help_text="The path that was asked for.")
    errors = WrongSerializer(  # type: ignore[assignment]  # a serializer's own attribute too
        many=True, required=False, help_text="What is wrong, value by value, where it is values."
    )


class Conflict(exceptions.APIException):
    """What is asked for does not go with the present state."""

    status_code = HTTPStatus.CONFLICT


class PreconditionFailed(exceptions.APIException):
    """It changed since the client looked."""

    status_code = HTTPStatus.PRECONDITION_FAILED


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."


def problem(
    request: HttpRequest, status: int, detail: str, errors: Sequence[Wrong] = ()
) -> HttpResponse:
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": escape_uri_path(request.path),
    }
    if errors:
        content["errors"] = errors
    return HttpResponse(orjson.dumps(content), status=status, content_type=MEDIA_TYPE)


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """REST framework's exception handler. None: a bug, which Django logs and answers."""
    # Inline: it reads the settings, and these name our renderer, which needs this module.
    from rest_framework.views import set_rollback

    known = _as_api_error(error)
    if known is None:
        return None
    request = context["request"]
    errors: list[Wrong] = []
    if isinstance(known, exceptions.ValidationError):
        errors = list(_flat("", known.detail))
        detail = _summary(errors)
    elif isinstance(known, exceptions.NotAuthenticated):
        detail = SIGN_IN
    elif isinstance(known, exceptions.UnsupportedMediaType):
        detail = f"{known.detail} {_media(context['view'].get_parsers())} is taken here."
    elif isinstance(known, exceptions.NotAcceptable):
        detail = f"{known.detail} {_media(context['view'].get_renderers())} is told here."
    else:
        detail = str(known.detail)
    set_rollback()
    response = problem(request, known.status_code, detail, errors)
    if header := getattr(known, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(known, "wait", None):
        response["Retry-After"] = str(math.ceil(wait))
    return response


def _as_api_error(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound(str(error) or None)
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    return TooLarge() if isinstance(error, RequestDataTooBig) else None


def _media(those: Iterable[BaseParser | BaseRenderer]) -> str:
    """The media types that a view takes, or tells."""
    return " or ".join(str(one.media_type) for one in those)


def _flat(path: str, detail: Any) -> Iterator[Wrong]:
    """Django REST framework nests what is wrong as the value is nested."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}".strip(".")
            yield from _flat(here, inner)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            here = f"{path}.{index}" if isinstance(inner, Mapping | list) else path
            yield from _flat(here, inner)
    else:
        told = STOCK.get(getattr(detail, "code", ""), str(detail))
        yield Wrong(field=path or "body", detail=told)


def _summary(errors: Sequence[Wrong]) -> str:
    """Each field once; what is wrong with it if there is but one."""
    names = list(dict.fromkeys(error["field"] for error in errors))
    if len(names) == 1:
        return f"{names[0]}: {' '.join(error['detail'] for error in errors)}"
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{len(names):,} values are wrong: {', '.join(names[:NAMED])}{more}."
