"""A list in pages: {"count", "next", "previous", "results"}."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param


class Pages(BasePagination):
    """Counts, then cuts; or goes on from a cursor without counting. The page and its size come
    checked from the view's query."""

    def paginate_queryset(  # type: ignore[override]  # rows take of it what they need
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> QuerySet[Any]:
        self.url = request.build_absolute_uri()
        self.size: int = view.query["page_size"]
        self.cursor: int | None = view.query.get("cursor")
        if self.cursor is not None:
            following = queryset.order_by("pk").filter(pk__gt=self.cursor)
            self.ids = list(following.values_list("pk", flat=True)[: self.size + 1])
            return following.filter(pk__in=self.ids[: self.size])
        self.page = view.query["page"]
        self.count = queryset.count()
        self.last = max(1, -(-self.count // self.size))
        if self.page > self.last:
            raise NotFound(f"There is no page {self.page}; the last one is {self.last}.")
        return queryset[(self.page - 1) * self.size : self.page * self.size]

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        if self.cursor is not None:
            has_next = len(self.ids) > self.size
            link = self._link("cursor", self.ids[self.size - 1]) if has_next else None
            return Response({"count": None, "next": link, "previous": None, "results": data})
        has_next, has_previous = self.page < self.last, self.page > 1
        return Response(
            {
                "count": self.count,
                "next": self._link("page", self.page + 1) if has_next else None,
                "previous": self._link("page", self.page - 1) if has_previous else None,
                "results": data,
            }
        )

    def _link(self, name: str, value: int) -> str:
        return str(replace_query_param(self.url, name, value))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {
                    "type": ["integer", "null"],
                    "minimum": 0,
                    "description": "On all pages; null with a cursor.",
                },
                "next": {**link, "description": "The next page; null on the last."},
                "previous": {**link, "description": "The page before; null on the first."},
                "results": schema,
            },
        }
