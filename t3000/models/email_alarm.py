"""How a T3 panel sends mails of its alarms."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.secret import EncryptedTextField
from t3000.enums import SmtpErrorCode, SmtpSecurity, SmtpType
from t3000.models.panel_settings import PanelSettings, address


def is_mail_address(address: str) -> None:
    """Raises ValidationError."""
    try:
        validate_email(address)
    except ValidationError:
        message = _("This is no whole mail address; write one as anna@site.org.")
        raise ValidationError(message) from None


def mail_address(help_text: Any) -> Any:
    return models.CharField(
        max_length=59, blank=True, validators=[is_mail_address], help_text=help_text
    )


class EmailAlarm(PanelSettings):
    """The mail server, who sends, and who gets the mails. There is one in each panel."""

    smtp_type = models.PositiveSmallIntegerField(choices=SmtpType, default=SmtpType.DOMAIN)
    smtp_ip = address(_("Of the mail server, if smtp_type is 0."))
    smtp_domain = models.CharField(
        max_length=39, blank=True, help_text=_("Name of the mail server, if smtp_type is 1.")
    )
    smtp_port = models.PositiveIntegerField(
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(65_535)],
        help_text=_("TCP port of the mail server."),
    )
    security = models.PositiveSmallIntegerField(choices=SmtpSecurity, default=SmtpSecurity.NONE)
    email_address = mail_address(_("Who sends."))
    user_name = models.CharField(
        max_length=59, blank=True, help_text=_("To sign in at the mail server.")
    )
    password = EncryptedTextField(
        max_length=19, blank=True, default="", help_text=_("To sign in at the mail server.")
    )
    to1 = mail_address(_("Who gets the mails."))
    to2 = mail_address(_("Who gets them, too."))
    error_code = models.PositiveSmallIntegerField(
        null=True,
        choices=SmtpErrorCode,
        editable=False,
        help_text=_("Where the last mail failed; none: it did not."),
    )

    live = frozenset({"error_code"})

    class Meta(PanelSettings.Meta):
        verbose_name = _("e-mail alarm")
        verbose_name_plural = _("e-mail alarms")
