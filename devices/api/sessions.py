"""Who is signed in with which browser."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.queries import ListQuery
from devices.api.views import DetailView, ListView, OwnView, no_such
from devices.domain import accounts, sessions
from devices.models import Session


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
        return Session.objects.filter(user__in=accounts.own_and_managed(self.rights).values("pk"))


class AccountSessions(SessionRows, ListView):
    """The sessions of an account, the last seen first."""

    queries = {"GET": ListQuery}
    operation = "accounts_sessions_list"

    def get(self, request: Request, pk: int) -> Response:  # type: ignore[override]
        self.owner = accounts.own_and_managed(self.rights).filter(pk=pk).first()
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
