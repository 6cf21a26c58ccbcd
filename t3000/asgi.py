"""The ASGI application: pages and sockets."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "t3000.settings")
http = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402  models need the loaded registry
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from t3000.origin import SameOriginValidator  # noqa: E402
from t3000.proxy import BehindProxy, ClientAddress  # noqa: E402
from t3000.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SameOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
if settings.BEHIND_PROXY:
    application = BehindProxy(application)
application = ClientAddress(application)
