"""Forms of networks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from devices.models import Network


class TargetsField(forms.CharField):
    """Addresses separated by commas, spaces or lines, as the list that the model keeps."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return str(super().clean(value)).replace(",", " ").split()


class NetworkForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A network of the instance's site. The model's own rules say what is wrong."""

    targets = TargetsField(
        required=False,
        label=_("Ask these addresses"),
        help_text=_("Separated by commas, such as 10.0.1.255. Empty: the local broadcast."),
    )

    class Meta:
        model = Network
        fields = ("name", "interface", "port", "targets", "poll_interval", "timeout", "retries")
        labels = {
            "interface": _("Address of this server"),
            "port": _("UDP port"),
            "poll_interval": _("Read every (s)"),
            "timeout": _("Wait for an answer (s)"),
            "retries": _("Tries again"),
        }

    def clean_name(self) -> str:
        """The form knows the site only by its instance, so the constraint is not checked by it."""
        name: str = self.cleaned_data["name"]
        namesakes = Network.objects.filter(site=self.instance.site_id, name=name)
        if namesakes.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                _("There is a network %(name)s already; choose another name."),
                params={"name": name},
            )
        return name
