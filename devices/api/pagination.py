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
    """Counts, then cuts. The page and its size come checked from the view's query."""

    def paginate_queryset(  # type: ignore[override]  # rows take of it what they need
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> QuerySet[Any]:
        self.url = request.build_absolute_uri()
        self.page, size = view.query["page"], view.query["page_size"]
        self.count = queryset.count()
        self.last = max(1, -(-self.count // size))
        if self.page > self.last:
            raise NotFound(f"There is no page {self.page}; the last one is {self.last}.")
        return queryset[(self.page - 1) * size : self.page * size]

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        has_next, has_previous = self.page < self.last, self.page > 1
        return Response(
            {
                "count": self.count,
                "next": self._link(self.page + 1) if has_next else None,
                "previous": self._link(self.page - 1) if has_previous else None,
                "results": data,
            }
        )

    def _link(self, page: int) -> str:
        return str(replace_query_param(self.url, "page", page))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "minimum": 0, "description": "On all pages."},
                "next": {**link, "description": "The next page; null on the last."},
                "previous": {**link, "description": "The page before; null on the first."},
                "results": schema,
            },
        }
