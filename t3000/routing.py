"""Addresses of sockets."""

from django.urls import path, re_path

from t3000.consumers import LiveConsumer, NoSuchSocket

websocket_urlpatterns = [
    path("ws/live", LiveConsumer.as_asgi()),
    re_path("", NoSuchSocket.as_asgi()),
]
