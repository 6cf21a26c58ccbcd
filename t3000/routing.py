"""Addresses of sockets."""

from django.urls import path

from t3000.consumers import LiveConsumer

websocket_urlpatterns = [path("ws/live", LiveConsumer.as_asgi())]
