"""Users of a T3 panel, and whom it sends mails to: what has a password."""

from typing import Any, cast

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from rest_framework import serializers

from devices.enums import Role
from t3000.api.panel import STANDING, PanelBase, PanelResource, panel_members
from t3000.models import EmailAlarm, PanelUser


def has(secret: str) -> Any:
    """Whether a row has one, which is all that is told of it."""
    return ExpressionWrapper(~Q(**{secret: ""}), output_field=BooleanField())


def mark(secret: str) -> serializers.BooleanField:
    """The member that tells it."""
    told = f"Whether there is a {secret.replace('_', ' ')}; it is never told."
    return serializers.BooleanField(read_only=True, help_text=told)


class PasswordBase(PanelBase):
    has_password = mark("password")


class PasswordResource(PanelResource):
    secrets = ("password",)
    base = PasswordBase
    role = Role.ADMINISTRATOR

    @classmethod
    def annotated(cls) -> QuerySet[Any]:
        return cast("QuerySet[Any]", super().annotated().annotate(has_password=has("password")))


class PanelUsers(PasswordResource):
    """Users that a panel knows, by device and index. They are not those of this program."""

    model = PanelUser
    members = panel_members(
        "name",
        "has_password",
        "access_level",
        "rights_access",
        "default_panel",
        "default_group",
        "screen_rights",
        "program_rights",
    )
    search_in = ("name",)
    tag = "panels"


class EmailAlarms(PasswordResource):
    """How panels send mails of their alarms, one for each device, by device."""

    model = EmailAlarm
    members = (
        "id",
        "device",
        "smtp_type",
        "smtp_ip",
        "smtp_domain",
        "smtp_port",
        "security",
        "email_address",
        "user_name",
        "has_password",
        "to1",
        "to2",
        "error_code",
        *STANDING,
    )
    read_only = (*PanelResource.read_only, "error_code")
    volatile = frozenset(read_only)
    order = ("device_id",)
    search_in = ("email_address", "to1", "to2")
    tag = "panels"
