"""A POST that is sent again gets the answer that it had."""

import re
from collections.abc import Callable
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request

from devices.api.problems import Conflict
from devices.api.views import asker
from devices.domain import request_keys
from devices.models.request_key import KEY_LENGTH

KEY = re.compile(f"[A-Za-z0-9_-]{{1,{KEY_LENGTH}}}")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": KEY.pattern},
    location="header",
    description="Of the program's choice. The same request with the same key within a day gets the "
    "same answer, and is not carried out twice.",
)

GONE = "This was created before with the same key, and deleted since."


@transaction.atomic
def once(request: Request, what: Any, make: Callable[[], Any]) -> Any:
    """What `make` answers, as JSON; what it answered before where the request's key tells that it
    is asked again. `what` tells this request from others at its path."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return make()
    if not KEY.fullmatch(key):
        message = f"This is not a key; write 1 to {KEY_LENGTH} letters, digits, - or _."
        raise ValidationError({"Idempotency-Key": [message]})
    try:
        asked = orjson.dumps([request.path.rstrip("/"), what], option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise ParseError("The body is nested too deeply.") from None
    # With a key of ours: the request may hold a password, which a plain digest would tell.
    digest = salted_hmac("t3000.request-key", asked, algorithm="sha256").hexdigest()
    try:
        row, is_new = request_keys.claim(asker(request), key, digest, timezone.now())
    except request_keys.KeyReused:
        raise Conflict(f"The key {key} was used for another request; choose a new one.") from None
    if is_new:
        request_keys.remember(row, make())
    return row.answer
