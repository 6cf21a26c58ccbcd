"""Accounts with their roles. Passwords are written and never told."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.etags import ETAG, IF_MATCH, etag_of, require_match
from devices.api.fields import Choice, Id, JsonBoolean, JsonId, JsonText, YesNo
from devices.api.once import GONE, IDEMPOTENCY_KEY, once
from devices.api.problems import Conflict, Wrong
from devices.api.queries import Closed, FieldsQuery, SearchQuery
from devices.api.refusals import refusals
from devices.api.views import ApiView, DetailView, ListView, no_such
from devices.domain import accounts
from devices.domain.accounts import Wish
from devices.enums import Role

LONGEST_PASSWORD = 128
MOST_SITES = 1000
ROLE_WORDS = [(role.word, role.label) for role in Role]


class RoleSerializer(Closed):
    """A role at a site."""

    site = JsonId(allow_null=True, help_text="null: at all sites, also those added later.")
    role = Choice(choices=ROLE_WORDS)


class AccountSerializer(Closed):
    """Somebody who may sign in. Write `password` to set it; it is never told."""

    id = serializers.IntegerField(read_only=True)
    username = JsonText(max_length=150)
    name = JsonText(max_length=150, allow_blank=True, default="")
    email = JsonText(max_length=254, allow_blank=True, default="")
    active = JsonBoolean(default=True, help_text="false: may not sign in, and is out at once.")
    roles = RoleSerializer(  # type: ignore[call-arg]  # of the list
        many=True,
        default=list,
        max_length=MOST_SITES,
        help_text="At the sites whose administrator you are; what is elsewhere stays as it is.",
    )
    superuser = serializers.BooleanField(
        read_only=True, help_text="Administrator of all sites without a role."
    )
    last_login = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)
    password = JsonText(
        write_only=True, required=False, max_length=LONGEST_PASSWORD, trim_whitespace=False
    )

    def validate_roles(self, roles: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({one["site"] for one in roles}) < len(roles):
            raise ValidationError("A site is named twice.")
        return roles

    def wish(self) -> Wish:
        values = dict(self.validated_data)
        roles = values.pop("roles", None)
        given = None if roles is None else {one["site"]: Role.named(one["role"]) for one in roles}
        return Wish(roles=given, **values)


class NewAccountSerializer(AccountSerializer):
    """A new account: with a password."""

    password = JsonText(write_only=True, max_length=LONGEST_PASSWORD, trim_whitespace=False)


class AccountQuery(SearchQuery):
    active = YesNo(required=False, source="is_active")
    site = Id(required=False, help_text="Who has a role there, or at all sites.")


class AccountRows(ApiView):
    queryset = User.objects.all()
    serializer_class = AccountSerializer
    tag = "accounts"
    role = Role.ADMINISTRATOR
    refusals: ClassVar[Sequence[int]] = (409,)
    wrong = Wrong(field="username", detail="A user with that username already exists.")
    conflict = "This is the last administrator of all sites: make somebody else one before."

    def get_queryset(self) -> QuerySet[User]:
        return accounts.seen(self.rights).order_by("username", "pk")

    def sortable(self) -> list[str]:
        return ["id", "username", "email", "last_login"]

    def rows(self, queryset: QuerySet[User]) -> list[dict[str, Any]]:
        told, users = self.told(), list(queryset)
        found = User.objects.filter(pk__in=[user.pk for user in users])
        roles = accounts.roles_of(found, self.rights) if "roles" in told else {}
        whole = [_row(user, roles.get(user.pk, {})) for user in users]
        return [{name: row[name] for name in told} for row in whole]

    def etag(self, row: dict[str, Any]) -> str:
        return etag_of({**row, "last_login": None})


def _row(user: User, roles: dict[int | None, Role]) -> dict[str, Any]:
    return {
        "id": user.pk,
        "username": user.get_username(),
        "name": user.get_full_name(),
        "email": user.email,
        "active": user.is_active,
        "roles": [{"site": site, "role": role.word} for site, role in roles.items()],
        "superuser": user.is_superuser,
        "last_login": user.last_login,
        "created_at": user.date_joined,
    }


@method_decorator(sensitive_variables(), name="post")
class AccountList(AccountRows, ListView):
    """Accounts, by user name: one's own, and of administrators those at their sites."""

    queries = {"GET": AccountQuery}
    search_in = ("username", "first_name", "last_name", "email")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        self.query = dict(self.query)
        site = self.query.pop("site", None)
        if site is not None:
            queryset = accounts.at_site(queryset, site, self.rights)
        return super().filter_queryset(queryset)

    @extend_schema(
        request=NewAccountSerializer,
        responses={201: AccountSerializer},
        parameters=[ETAG, IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        asked = NewAccountSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = asked.wish()
        with refusals():
            (pk,) = once(request, request.data, lambda: [accounts.create(wish, by=self.rights).pk])
        rows = self.rows(self.get_queryset().filter(pk=pk))
        if not rows:
            raise Conflict(GONE)
        (row,) = rows
        location = reverse("api-account", args=[pk])
        return Response(row, status=201, headers={"Location": location, "ETag": self.etag(row)})


class AccountDetail(AccountRows, DetailView):
    """One account."""

    queries = {"GET": FieldsQuery}
    refusals = (409, 412)

    def get(self, request: Request, pk: int) -> Response:
        row = self.row(pk)
        headers = {} if "fields" in self.query else {"ETag": self.etag(row)}
        return Response(row, headers=headers)

    @extend_schema(responses=AccountSerializer, parameters=[ETAG, IF_MATCH])
    def put(self, request: Request, pk: int) -> Response:
        return self._change(request, pk, is_whole=True)

    @extend_schema(responses=AccountSerializer, parameters=[ETAG, IF_MATCH])
    def patch(self, request: Request, pk: int) -> Response:
        return self._change(request, pk, is_whole=False)

    @sensitive_variables()
    def _change(self, request: Request, pk: int, *, is_whole: bool) -> Response:
        with transaction.atomic(), refusals():
            user = self._expected(request, pk)
            asked = AccountSerializer(data=request.data, partial=not is_whole)
            asked.is_valid(raise_exception=True)
            accounts.update(user, asked.wish(), by=self.rights)
        (row,) = self.rows(User.objects.filter(pk=pk))  # also who has no role here any more
        return Response(row, headers={"ETag": self.etag(row)})

    @extend_schema(parameters=[IF_MATCH])
    def delete(self, request: Request, pk: int) -> Response:
        with transaction.atomic(), refusals():
            accounts.delete(self._expected(request, pk), by=self.rights)
        return Response(status=204)

    def _expected(self, request: Request, pk: int) -> User:
        """Raises NotFound, or PreconditionFailed if somebody changed it meanwhile."""
        user = self.get_queryset().order_by().select_for_update(no_key=True).filter(pk=pk).first()
        if user is None:
            raise NotFound(no_such(User, pk))
        require_match(request, lambda: self.etag(self.row(pk)))
        return user
