"""What there is at every address, read from the addresses themselves: what is added is tested."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import get_resolver

from devices.api.views import ListView

API = "api/t3000/"
ROW = "<int:pk>"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path under /api/t3000/ and the view that answers there."""

    route: str  # devices/<int:pk>/points
    view: Any

    def __str__(self) -> str:
        return self.route

    @property
    def methods(self) -> set[str]:
        return {name for name in self.view().allowed_methods if name != "HEAD"}

    @property
    def is_list(self) -> bool:
        return issubclass(self.view, ListView)

    @property
    def model(self) -> type[models.Model]:
        """Of the rows that it answers with."""
        queryset = getattr(self.view, "queryset", None)
        found: Any = getattr(self.view, "model", None) or getattr(queryset, "model", None)
        assert found is not None, f"{self.route}: its view names neither a model nor a queryset"
        return found  # type: ignore[no-any-return]

    @property
    def parent(self) -> type[models.Model]:
        """Of the row that its address names: that of the resource before the id."""
        return at(self.route.partition(f"/{ROW}")[0])

    def path(self, pk: int = 0) -> str:
        """Of a part of a row it is the first."""
        return re.sub(r"<int:\w+>", "1", f"/{API}{self.route.replace(ROW, str(pk))}")


def _found() -> list[Endpoint]:
    routes = [(str(one.pattern), one.callback) for one in get_resolver().url_patterns]
    return [
        Endpoint(route.removeprefix(API), callback.cls)
        for route, callback in routes
        if route.startswith(API) and not route.endswith("/")
    ]


def at(resource: str) -> type[models.Model]:
    """The model of a resource, by its row's path or its list's."""
    by_route = {one.route: one for one in ENDPOINTS}
    one = by_route.get(f"{resource}/{ROW}") or by_route[resource]
    return one.model


ENDPOINTS = _found()
LISTS = [one for one in ENDPOINTS if one.is_list and ROW not in one.route]
NESTED = [one for one in ENDPOINTS if one.is_list and ROW in one.route]
OF_ROWS = [one for one in ENDPOINTS if ROW in one.route]
BULK = [one for one in ENDPOINTS if one.route.endswith("/bulk")]
NO_ROLE_NEEDED = re.compile(
    "(login|logout|healthz|account|account-.*)$"
)  # signing in and out, one's own account
PAGES = [
    one
    for one in get_resolver().url_patterns
    if not re.match(r"\^?api", str(one.pattern)) and not NO_ROLE_NEEDED.match(str(one.name))
]
