"""The audit trail: read, and never written by clients."""

from typing import Any

from django.db.models import F, QuerySet
from rest_framework import serializers

from devices.api.fields import Choice, Id, Moment
from devices.api.queries import SearchQuery
from devices.api.views import ApiView, DetailView, ListView
from devices.domain import audit
from devices.enums import Action, Origin
from devices.models import AuditEntry


class AuditSerializer(serializers.ModelSerializer[AuditEntry]):
    """One row that was created, changed or deleted, one command, one sign-in."""

    user = serializers.IntegerField(
        allow_null=True, read_only=True, help_text="The id of who did it; null: the program."
    )
    row = serializers.IntegerField(read_only=True, help_text="Its id.")
    site = serializers.IntegerField(
        allow_null=True, read_only=True, help_text="The id of its site; null: it belongs to none."
    )
    device = serializers.IntegerField(
        allow_null=True,
        read_only=True,
        help_text="The id of the device that it is, or is a part of.",
    )
    changes = serializers.DictField(
        child=serializers.ListField(), read_only=True, help_text="By field: [old, new]."
    )

    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "time",
            "user",
            "username",
            "origin",
            "client_address",
            "action",
            "kind",
            "row",
            "name",
            "site",
            "device",
            "changes",
        )
        read_only_fields = fields


class AuditQuery(SearchQuery):
    site = Id(required=False, source="site_id")
    device = Id(required=False, source="device_id")
    kind = Choice(choices=audit.kinds(), required=False)
    row = Id(required=False, source="row_id", help_text="Of one row; give `kind`, too.")
    user = Id(required=False, source="user_id")
    origin = Choice(choices=Origin.choices, required=False)
    action = Choice(choices=Action.choices, required=False)
    since = Moment(required=False, source="time__gte", help_text="At this time or later.")
    until = Moment(required=False, source="time__lt", help_text="Before this time.")


class AuditRows(ApiView):
    serializer_class = AuditSerializer
    queryset = AuditEntry.objects.all()
    tag = "audit"

    def get_queryset(self) -> QuerySet[Any]:
        return audit.visible(self.rights).annotate(
            user=F("user_id"), row=F("row_id"), site=F("site_id"), device=F("device_id")
        )


class AuditList(AuditRows, ListView):
    """Who changed what, from what to what; the latest first. For operators and above, of their
    sites."""

    queries = {"GET": AuditQuery}
    search_in = ("name", "username")


class AuditDetail(AuditRows, DetailView):
    """One entry of the audit trail."""
