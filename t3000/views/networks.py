"""Adding a network, what stands between an empty site and its first devices, and changing one."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from devices.domain import networks
from devices.domain.discovery import request_discovery
from devices.domain.places import sites_to_configure
from devices.domain.rows import BadRows
from devices.enums import Role
from devices.forms import NetworkForm
from devices.models import Network
from t3000.views.shell import PageRequest, needs, rights_of

FORM = "devices/network_form.html"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.ENGINEER)
def add_network(request: PageRequest) -> HttpResponse:
    """Adds the network and looks for devices on it at once."""
    sites = sites_to_configure(rights_of(request))
    if request.method != "POST":
        return render(request, FORM, {"form": NetworkForm(sites)})
    form = NetworkForm(sites, request.POST)
    if not form.is_valid():
        return render(request, FORM, {"form": form}, status=422)
    request_discovery(form.save())
    return redirect("device-list")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.ENGINEER)
def edit_network(request: PageRequest, network_id: int) -> HttpResponse:
    """Changes what was edited, nothing else; devices are looked for where others may be found."""
    rights = rights_of(request)
    network = get_object_or_404(
        rights.visible(Network.objects.select_related("site")), pk=network_id
    )
    rights.require(Role.ENGINEER, network.site_id)
    name = network.name
    form = NetworkForm([network.site], request.POST or None, instance=network)
    if form.is_valid():
        changes = {field: form.cleaned_data[field] for field in form.changed_data}
        try:
            networks.change({network.pk: changes} if changes else {}, by=rights)
        except BadRows as error:
            for wrong in error.problems:
                form.add_error(wrong.field if wrong.field in form.fields else None, wrong.message)
        else:
            return redirect("network", network.pk)
    status = 422 if form.is_bound else 200
    context = {"form": form, "network": network, "network_name": name}
    return render(request, FORM, context, status=status)
