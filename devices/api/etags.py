"""ETags: a change is made only to what its sender has seen, if the sender says so (`If-Match`)."""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from devices.api.problems import PreconditionFailed

ETAG = OpenApiParameter(
    "ETag", location="header", response=[200, 201], description="Changes with what is configured."
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    location="header",
    description="The ETag that the row must still have; 412 if somebody changed it meanwhile.",
)
CHANGED = "It was changed since this ETag was given; read it again."
NO_ETAG = 'If-Match holds no ETag; write one as it was given, with its quotes: "33a64df5".'


def etag_of(content: Any) -> str:
    """Another one for other content."""
    return f'"{hashlib.sha256(orjson.dumps(content)).hexdigest()[:32]}"'


def require_match(request: Request, present: Callable[[], str]) -> None:
    """Raises PreconditionFailed unless the request goes with the present ETag, which is asked for
    only if the request names one."""
    expected = parse_etags(request.headers.get("If-Match", "*"))
    if not expected:
        raise PreconditionFailed(NO_ETAG)
    if expected != ["*"] and present() not in expected:
        raise PreconditionFailed(CHANGED)
