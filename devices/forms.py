"""Forms of networks, and of searches of them."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from devices.enums import NetworkProtocol
from devices.models import DeviceProfile, Network, Site
from devices.models.device import LARGEST_INSTANCE
from devices.models.scan import search_of
from protocols.scanning import Search

LAST_NETWORK = 65534
NOT_NETWORKS = _("Write numbers of networks from 1 to 65534, such as 2001, 2002.")
NOT_A_PORT = _("A port is a number from 1 to 65535.")


def _always(message: Any) -> dict[str, Any]:
    """One message for whatever is wrong with it, such as a number: it says what would be right."""
    return dict.fromkeys(
        ("required", "invalid", "invalid_choice", "min_value", "max_value"), message
    )


def _instance(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        min_value=0,
        max_value=LARGEST_INSTANCE,
        label=label,
        error_messages=_always(_("An instance is a number from 0 to 4194302.")),
    )


class TargetsField(forms.CharField):
    """Addresses separated by commas, spaces or lines, as the list that the model keeps."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return str(super().clean(value)).replace(",", " ").split()


class NetworkForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A network of one of the sites; with a choice only where there are several. The model's own
    rules say what is wrong."""

    site = forms.TypedChoiceField(
        coerce=int, label=_("Site"), error_messages=_always(_("Choose one of the sites."))
    )
    targets = TargetsField(
        required=False,
        label=_("Ask these addresses"),
        help_text=_(
            "Separated by commas: 10.0.1.255 or 10.0.1.20:502. Empty: the local broadcast, with "
            "BACnet/IP only; for Modbus TCP name each device."
        ),
    )
    port = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=65535,
        label=_("Port"),
        help_text=_(
            "BACnet/IP: the UDP port that this server opens. Modbus TCP: the port of the devices. "
            "Empty: 47808 or 502."
        ),
        error_messages=_always(NOT_A_PORT),
    )

    bbmd_lifetime = forms.IntegerField(
        required=False,
        min_value=30,
        max_value=65535,
        label=_("Registration holds for (s)"),
        help_text=_("It is renewed before that is over. Empty: 300."),
        error_messages=_always(_("Write a whole number of seconds from 30 to 65535.")),
    )
    auto_discovery = forms.ChoiceField(
        required=False,
        choices=[
            ("yes", _("Register them as they are found")),
            ("no", _("Let them wait to be approved")),
        ],
        label=_("Temco devices"),
        help_text=_("Devices of others always wait to be approved."),
        error_messages=_always(_("Choose one of the two.")),
    )

    field_order = ["site"]

    class Meta:
        model = Network
        fields = (
            "name",
            "protocol",
            "interface",
            "port",
            "targets",
            "bbmd",
            "bbmd_lifetime",
            "auto_discovery",
            "poll_interval",
            "timeout",
            "retries",
        )
        labels = {
            "interface": _("Address of this server"),
            "bbmd": _("Register with a BBMD"),
            "poll_interval": _("Read every (s)"),
            "timeout": _("Wait for an answer (s)"),
            "retries": _("Further tries"),
        }
        help_texts = {
            "bbmd": _(
                "BACnet/IP only: 10.1.0.2 or 10.1.0.2:47809, where devices are behind IP routers. "
                "Empty: none."
            ),
            "retries": _("How often a request without an answer is repeated."),
        }
        error_messages = {
            "name": {"required": _("A network needs a name.")},
            "protocol": {"invalid_choice": _("Choose BACnet/IP or Modbus TCP.")},
            "interface": {"required": _("Write an address such as 192.168.1.2/24.")},
            "bbmd": {"max_length": _("Write an address such as 10.1.0.2 or 10.1.0.2:47809.")},
            "poll_interval": _always(_("Write a number of seconds from 1 to 86400.")),
            "timeout": _always(_("Write a number of seconds from 0.1 to 60.")),
            "retries": _always(_("Write a whole number from 0 to 10.")),
        }

    def __init__(self, sites: Sequence[Site], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = [(str(site.pk), site.name) for site in sites]  # type: ignore[attr-defined]
        if len(sites) == 1:
            self.instance.site = sites[0]
            del self.fields["site"]
        self.initial["auto_discovery"] = "yes" if self.instance.auto_discovery else "no"
        if self.instance.pk is None:
            self.initial["port"] = None  # it depends on the protocol

    def save(self, commit: bool = True) -> Any:
        """With its site, if that is the first."""
        if self.instance.site.pk is None:
            self.instance.site.save()
            self.instance.site = self.instance.site  # with its id
        return super().save(commit)

    def clean_port(self) -> int:
        protocol = self.cleaned_data.get("protocol") or NetworkProtocol.BACNET
        port: int | None = self.cleaned_data["port"]
        return port or NetworkProtocol(protocol).default_port

    def clean_bbmd_lifetime(self) -> int:
        seconds: int | None = self.cleaned_data["bbmd_lifetime"]
        return seconds or Network._meta.get_field("bbmd_lifetime").get_default()

    def clean_auto_discovery(self) -> bool:
        chosen: str = self.cleaned_data["auto_discovery"]
        return chosen != "no"

    def clean_site(self) -> int:
        site_id: int = self.cleaned_data["site"]
        self.instance.site_id = site_id
        return site_id

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


class SearchForm(forms.Form):
    """Whom to ask for on a BACnet network; empty: everybody."""

    low = _instance(_("Instances from"))
    high = _instance(_("to"))
    behind = forms.CharField(
        required=False,
        max_length=500,
        label=_("Behind routers"),
        help_text=_("Numbers of networks, separated by commas. Empty: all."),
    )
    object_name = forms.CharField(
        required=False,
        max_length=128,
        label=_("Who has the object"),
        help_text=_("Its exact name. Empty: everybody answers."),
    )

    def clean_behind(self) -> list[int]:
        words = str(self.cleaned_data["behind"]).replace(",", " ").split()
        if not all(word.isascii() and word.isdigit() and word.isdecimal() for word in words):
            raise forms.ValidationError(NOT_NETWORKS)
        numbers = [int(word[:6]) for word in words]
        if not all(1 <= number <= LAST_NETWORK for number in numbers):
            raise forms.ValidationError(NOT_NETWORKS)
        return numbers

    def clean(self) -> dict[str, Any]:
        cleaned = dict(self.cleaned_data)
        low, high = cleaned.get("low"), cleaned.get("high")
        if low is not None and high is not None and low > high:
            self.add_error("high", _("This is below the first instance."))
        return cleaned

    @property
    def search(self) -> Search:
        return search_of(**self.cleaned_data)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """What a BACnet device takes. The model's own bounds say what is wrong."""

    class Meta:
        model = DeviceProfile
        fields = (
            "max_apdu",
            "reply_limit",
            "segmentation",
            "window",
            "path",
            "has_rpm",
            "pinned",
        )
        labels = {
            "max_apdu": _("Longest request (octets)"),
            "reply_limit": _("Longest reply (octets)"),
            "segmentation": _("Messages in parts"),
            "window": _("Requests at once"),
            "path": _("Read from"),
            "has_rpm": _("Reads many properties at once"),
            "pinned": _("Pinned"),
        }
        help_texts = {
            "max_apdu": _("It says so itself."),
            "reply_limit": _("Empty: as long as its requests."),
            "segmentation": "",
            "window": _("That may be under way to it."),
            "path": _("Some answer the usual port only."),
            "has_rpm": _("ReadPropertyMultiple; else they are read one by one."),
            "pinned": _("What stands here is used, and nothing is learnt any more."),
        }
        error_messages = {
            "max_apdu": _always(_("Write a number from 50 to 1476.")),
            "reply_limit": _always(_("Write a number from 50 to 1476, or nothing.")),
            "window": _always(_("Write a number from 1 to 16.")),
            "path": _always(_("Choose one of the two.")),
            "segmentation": _always(_("Choose one of them.")),
        }
