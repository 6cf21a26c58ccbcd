"""A POST that is sent again gets the answer that it had."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
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


@transaction.atomic
def once(request: Request, what: Any, make: Callable[[], Any]) -> Any:
    """What `make` answers, as JSON; what it answered before where the request's key tells that it
    is asked again. `what` tells this request from others."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return make()
    if not KEY.fullmatch(key):
        message = f"This is not a key; write 1 to {KEY_LENGTH} letters, digits, - or _."
        raise ValidationError({"Idempotency-Key": [message]})
    user, digest = asker(request), digest_of(what)
    try:
        known = request_keys.recall(user, key, digest, timezone.now())
        if known is not None:
            return known.answer
        answer = make()
        request_keys.remember(user, key, digest, answer, timezone.now())
    except request_keys.KeyReused:
        raise Conflict(f"The key {key} was used for another request; choose a new one.") from None
    return answer


def digest_of(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content)).hexdigest()
