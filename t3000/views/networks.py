"""Adding a network: what stands between an empty site and its first devices."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from devices.domain.discovery import request_discovery
from devices.domain.places import sites_to_configure
from devices.enums import Role
from devices.forms import NetworkForm
from t3000.views.shell import PageRequest, needs, rights_of


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.ENGINEER)
def add_network(request: PageRequest) -> HttpResponse:
    """Adds the network and looks for devices on it at once."""
    sites = sites_to_configure(rights_of(request))
    if request.method != "POST":
        return render(request, "devices/network_form.html", {"form": NetworkForm(sites)})
    form = NetworkForm(sites, request.POST)
    if not form.is_valid():
        return render(request, "devices/network_form.html", {"form": form}, status=422)
    request_discovery(form.save())
    return redirect("device-list")
