"""Addresses of pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from t3000.health import healthz
from t3000.views.devices import device, device_list, discover
from t3000.views.networks import add_network
from t3000.views.overview import overview

urlpatterns = [
    path("", overview, name="overview"),
    path("devices/", device_list, name="device-list"),
    path("devices/discover", discover, name="discover"),
    path("devices/<int:device_id>/", device, name="device"),
    path("devices/<int:device_id>/<slug:tab>/", device, name="device-tab"),
    path("networks/new", add_network, name="network-new"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("healthz", healthz, name="healthz"),
]
