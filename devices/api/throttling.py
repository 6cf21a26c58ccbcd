"""How many commands a user may give in a while: a program that has lost its way must not keep the
field from its work."""

from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle


class CommandThrottle(UserRateThrottle):
    """Counts in this process: a shared cache that is away must not stop commands."""

    scope = "commands"
    cache = LocMemCache("commands", {})

    def allow_request(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)
