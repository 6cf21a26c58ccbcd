"""Accounts with their roles, and what they are signed in with. Passwords and tokens are written, or
told once, and never told again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.etags import ETAG, IF_MATCH, etag_of, require_match
from devices.api.fields import Choice, Id, JsonBoolean, JsonId, JsonInteger, JsonText, YesNo
from devices.api.once import GONE, IDEMPOTENCY_KEY, once
from devices.api.problems import Conflict, Wrong
from devices.api.queries import Closed, FieldsQuery, ListQuery, SearchQuery
from devices.api.refusals import refusals
from devices.api.views import ApiView, DetailView, ListView, asker, no_such
from devices.domain import accounts, sessions, tokens
from devices.domain.accounts import Wish
from devices.enums import Role
from devices.models import ApiToken, Session
from devices.models.token import NAME_LENGTH

LONGEST_PASSWORD = 128
MOST_SITES = 1000
TOKEN_MEMBERS = ("id", "user", "name", "created_at", "expires_at", "used_at", "used_from")
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
            if not self.rights.may(Role.ADMINISTRATOR, site):
                return queryset.none()
            here = Q(is_superuser=True) | Q(pk__in=accounts.with_role_at(site))
            queryset = queryset.filter(here)
        return super().filter_queryset(queryset)

    @extend_schema(
        request=NewAccountSerializer,
        responses={201: AccountSerializer},
        parameters=[ETAG, IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        asked = NewAccountSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        what, wish = [request.path, request.data], asked.wish()
        with refusals():
            (pk,) = once(request, what, lambda: [accounts.create(wish, by=self.rights).pk])
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


class OwnView(ApiView):
    """What everybody has of their own, without any role."""

    permission_classes = [IsAuthenticated]
    role = Role.ADMINISTRATOR  # for what is others'

    def owners(self) -> QuerySet[User]:
        """Whose things one sees: one's own, and those of the accounts that one manages."""
        return User.objects.filter(
            Q(pk=self.rights.user_id) | Q(pk__in=accounts.managed(self.rights).values("pk"))
        )


class SessionSerializer(serializers.ModelSerializer[Session]):
    """Somebody signed in with a browser."""

    class Meta:
        model = Session
        fields = ("id", "user", "since", "seen_at", "expire_date", "address", "user_agent")
        read_only_fields = fields


class SessionRows(OwnView):
    queryset = Session.objects.all()
    serializer_class = SessionSerializer
    tag = "accounts"

    def get_queryset(self) -> QuerySet[Session]:
        return Session.objects.filter(user__in=self.owners().values("pk"))


class AccountSessions(SessionRows, ListView):
    """The sessions of an account, the last seen first."""

    queries = {"GET": ListQuery}
    operation = "accounts_sessions_list"

    def get(self, request: Request, pk: int) -> Response:  # type: ignore[override]
        self.owner = self.owners().filter(pk=pk).first()
        if self.owner is None:
            raise NotFound(no_such(User, pk))
        return super().get(request)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return super().filter_queryset(sessions.list_for(self.owner))  # type: ignore[arg-type]


class SessionDetail(SessionRows, DetailView):
    """One session. Deleting it makes its browser a stranger, and closes its live sockets."""

    def delete(self, request: Request, pk: int) -> Response:
        session = self.get_queryset().filter(pk=pk).first()
        if session is None:
            raise NotFound(no_such(Session, pk))
        sessions.end(session)
        return Response(status=204)


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
        return ApiToken.objects.filter(user__in=self.owners().values("pk"))


class TokenList(TokenRows, ListView):
    """Tokens, the newest first: one's own, and of administrators those of the accounts that they
    manage."""

    queries = {"GET": TokenQuery}
    search_in = ("name",)

    @extend_schema(request=NewTokenSerializer, responses={201: MadeTokenSerializer})
    def post(self, request: Request) -> Response:
        asked = NewTokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        days = asked.validated_data["days"]
        lifetime = tokens.UNTIL_REVOKED if days is None else timedelta(days=days)
        user, name = asker(request), asked.validated_data["name"]
        by = request.auth if isinstance(request.auth, ApiToken) else None
        try:
            token = tokens.make(user, name=name, lifetime=lifetime, by=by)
        except tokens.TooMany as error:
            raise Conflict(str(error)) from None
        row = tokens.find_row(token)
        told = {**self.rows(self.get_queryset().filter(pk=row.pk))[0], "token": token}
        location = reverse("api-token", args=[row.pk])
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
