"""Adding a network: what stands between an empty site and its first devices."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from devices.domain.discovery import request_discovery
from devices.domain.places import first_site
from devices.forms import NetworkForm
from devices.models import Network


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("devices.add_network", raise_exception=True)
def add_network(request: HttpRequest) -> HttpResponse:
    """Adds the network and looks for devices on it at once."""
    if request.method != "POST":
        return render(request, "devices/network_form.html", {"form": NetworkForm()})
    form = NetworkForm(request.POST, instance=Network(site=first_site()))
    if not form.is_valid():
        return render(request, "devices/network_form.html", {"form": form}, status=422)
    request_discovery(form.save())
    return redirect("device-list")
