"""Who sent a request: what it changes is put down to them."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from devices.enums import Origin
from devices.models.acting import Actor, acting

ORIGINS = {"/api/": Origin.API, "/admin/": Origin.ADMIN}


def actor(request: HttpRequest) -> Actor:
    """Asked when something is changed: until then a token may still be checked."""
    origins = (origin for path, origin in ORIGINS.items() if request.path_info.startswith(path))
    user: Any = getattr(request, "user", None)
    return Actor(
        user=user if user is not None and user.is_authenticated else None,
        origin=next(origins, Origin.PAGE),
        address=request.META.get("REMOTE_ADDR") or None,
    )


@sync_and_async_middleware
def record_actor(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Stands behind the middleware that tells the user of a session."""
    if iscoroutinefunction(get_response):

        async def handle_async(request: HttpRequest) -> HttpResponseBase:
            with acting(lambda: actor(request)):
                response: HttpResponseBase = await get_response(request)
                return response

        return handle_async

    def handle(request: HttpRequest) -> HttpResponseBase:
        with acting(lambda: actor(request)):
            response: HttpResponseBase = get_response(request)
            return response

    return handle
