"""The parameters after the question mark. One that is not known is refused: a typing error in a
filter must not answer with everything."""

from collections.abc import Collection, Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from devices.api.fields import LARGEST_ID, Names, Search, WholeNumber

PAGE_SIZE = 100
LARGEST_PAGE = 1000
FURTHEST_PAGE = 10**9


def refuse_unknown(
    data: Any, known: Collection[str], kind: str, told: Collection[str] = ()
) -> None:
    """Raises ValidationError for members that nobody knows, and for those that are `told` only."""
    if isinstance(data, Mapping):
        unknown = [name for name in data if name not in known]
        if unknown:
            others = f"there are: {', '.join(known)}." if known else "none is taken here."
            what = f"There is no such {kind}; {others}"
            only_told = "This is read only; leave it out."
            raise ValidationError({name: [only_told if name in told else what] for name in unknown})


NO_OBJECT: dict[str, Any] = {"invalid": 'This is not an object; write one such as {{"name": "A"}}.'}


class Closed(serializers.Serializer[Any]):
    """Takes nothing but its own members."""

    default_error_messages = NO_OBJECT
    kind_of_member = "member"

    def to_internal_value(self, data: Any) -> Any:
        known = [name for name, field in self.fields.items() if not field.read_only]
        refuse_unknown(data, known, self.kind_of_member, self.fields)
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


class FieldsQuery(Query):
    fields = Names(  # type: ignore[assignment]  # a serializer's own attribute too
        required=False, help_text="Only these members of each row: `id,name`."
    )


class ListQuery(FieldsQuery):
    page = WholeNumber(min_value=1, max_value=FURTHEST_PAGE, default=1, help_text="From 1.")
    page_size = WholeNumber(
        min_value=1, max_value=LARGEST_PAGE, default=PAGE_SIZE, help_text="Rows on a page."
    )
    cursor = WholeNumber(
        min_value=0,
        max_value=LARGEST_ID,
        required=False,
        help_text="Instead of page and ordering, not beside them: the rows with greater ids, by "
        "id. Begin with 0, then go where `next` leads; `count` is null. Rows that come and go "
        "shift no others.",
    )
    ordering = Names(
        required=False,
        help_text="Members to sort by: `name`, or `-name` from the other end.",
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if "cursor" in values:
            beside = "This does not go with cursor, which goes by id: leave one of them out."
            given = [name for name in ("page", "ordering") if name in self.initial_data]
            if given:
                raise ValidationError({name: [beside] for name in given})
        return values


class SearchQuery(ListQuery):
    search = Search(required=False, help_text="Part of the name, in small or capital letters.")
