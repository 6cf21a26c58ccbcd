"""What there is: where a program begins that knows one address."""

from functools import cache
from typing import Any

from django.urls import get_resolver, reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.views import ApiView, ListView

PREFIX = "api/t3000/"


class PathSerializer(serializers.Serializer[Any]):
    """A list of rows."""

    name = serializers.CharField(help_text="points, devices ...")
    path = serializers.CharField(help_text="Where it is; with an id it is a row.")


class RootSerializer(serializers.Serializer[Any]):
    """The lists that there are. All else hangs on their rows, and is told by /api/schema/."""

    resources = PathSerializer(many=True)


class Root(ApiView):
    """The lists that there are, by name."""

    serializer_class = RootSerializer
    tag = "resources"
    operation = "resources"

    def get(self, request: Request) -> Response:
        return Response({"resources": [{"name": n, "path": reverse(at)} for n, at in _lists()]})


@cache
def _lists() -> list[tuple[str, str]]:
    """(name, name of the address) of every list that belongs to no row."""
    patterns: list[Any] = get_resolver().url_patterns
    routes = [(str(one.pattern), one) for one in patterns if one.name]
    return sorted(
        (route.removeprefix(PREFIX), one.name)
        for route, one in routes
        if route.startswith(PREFIX) and "<" not in route and issubclass(one.callback.cls, ListView)
    )
