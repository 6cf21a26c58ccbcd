"""Tokens of programs. A token is told once, when it is made, and never again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import Id, JsonInteger, JsonText
from devices.api.once import IDEMPOTENCY_KEY, once
from devices.api.problems import Conflict, Wrong
from devices.api.queries import Closed, ListQuery
from devices.api.views import DetailView, ListView, OwnView, asker, no_such
from devices.domain import accounts, tokens
from devices.models import ApiToken
from devices.models.token import NAME_LENGTH

TOKEN_MEMBERS = ("id", "user", "name", "created_at", "expires_at", "used_at", "used_from")


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token of a program, without the token itself."""

    class Meta:
        model = ApiToken
        fields = TOKEN_MEMBERS
        read_only_fields = fields


class NewTokenSerializer(Closed):
    """A token of one's own. It may do what its user may."""

    name = JsonText(max_length=NAME_LENGTH, help_text="Which program it is for.")
    days = JsonInteger(
        min_value=1,
        max_value=tokens.LONGEST,
        allow_null=True,
        default=tokens.LIFETIME.days,
        help_text="How long it holds; null: until it is revoked. One that is asked for with a "
        "token ends with that one at the latest.",
    )


class MadeTokenSerializer(TokenSerializer):
    """The token is told this once."""

    token = serializers.CharField(read_only=True)

    class Meta:
        model = ApiToken
        fields = (*TOKEN_MEMBERS, "token")
        read_only_fields = fields


class TokenQuery(ListQuery):
    user = Id(required=False)


class TokenRows(OwnView):
    queryset = ApiToken.objects.all()
    serializer_class: Any = TokenSerializer
    tag = "accounts"
    refusals: ClassVar[Sequence[int]] = (409,)
    wrong = Wrong(field="name", detail="This is required and missing.")
    conflict = "A user has at most 50 tokens. Revoke one that is no longer needed."

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user__in=accounts.own_and_managed(self.rights).values("pk"))


class TokenList(TokenRows, ListView):
    """Tokens, the newest first: one's own, and of administrators those of the accounts that they
    manage."""

    queries = {"GET": TokenQuery}
    search_in = ("name",)

    @extend_schema(
        request=NewTokenSerializer,
        responses={201: MadeTokenSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        asked = NewTokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        days = asked.validated_data["days"]
        lifetime = tokens.UNTIL_REVOKED if days is None else timedelta(days=days)
        user, name = asker(request), asked.validated_data["name"]
        by = request.auth if isinstance(request.auth, ApiToken) else None
        made: list[str] = []

        def make() -> int:
            made.append(tokens.make(user, name=name, lifetime=lifetime, by=by))
            return int(tokens.find_row(made[0]).pk)

        try:
            pk = once(request, request.data, make)
        except tokens.TooMany as error:
            raise Conflict(str(error)) from None
        if not made:
            raise Conflict(
                f"Token {pk} was made with this key, and is told once. Revoke it if nobody "
                "heard it, and make another one with a new key."
            )
        told = {**self.rows(self.get_queryset().filter(pk=pk))[0], "token": made[0]}
        location = reverse("api-token", args=[pk])
        return Response(told, status=201, headers={"Location": location})


class TokenDetail(TokenRows, DetailView):
    """One token. Deleting it revokes it."""

    refusals = ()

    def delete(self, request: Request, pk: int) -> Response:
        token = self.get_queryset().select_related("user").filter(pk=pk).first()
        if token is None:
            raise NotFound(no_such(ApiToken, pk))
        tokens.revoke(token)
        return Response(status=204)
