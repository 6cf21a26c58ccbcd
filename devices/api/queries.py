"""The parameters after the question mark. One that is not known is refused: a typing error in a
filter must not answer with everything."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from devices.api.fields import Search, WholeNumber

PAGE_SIZE = 100
LARGEST_PAGE = 1000
FURTHEST_PAGE = 10**9


class Closed(serializers.Serializer[Any]):
    """Takes nothing but its own members."""

    kind_of_member = "member"

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                known = ", ".join(self.fields) or "none"
                what = f"There is no such {self.kind_of_member}; there are: {known}."
                raise ValidationError({name: [what] for name in unknown})
        return super().to_internal_value(data)


class Query(Closed):
    """Parameters of a request. A field's `source` is the lookup that it filters by."""

    kind_of_member = "parameter"

    @classmethod
    def read(cls, parameters: QueryDict) -> dict[str, Any]:
        twice = [name for name in parameters if len(parameters.getlist(name)) > 1]
        if twice:
            raise ValidationError({name: ["This is given twice; give it once."] for name in twice})
        query = cls(data=parameters.dict())
        query.is_valid(raise_exception=True)
        read: dict[str, Any] = query.validated_data
        return read


class ListQuery(Query):
    page = WholeNumber(min_value=1, max_value=FURTHEST_PAGE, default=1, help_text="From 1.")
    page_size = WholeNumber(
        min_value=1, max_value=LARGEST_PAGE, default=PAGE_SIZE, help_text="Rows on a page."
    )


class SearchQuery(ListQuery):
    search = Search(required=False, help_text="Part of the name, in small or capital letters.")
