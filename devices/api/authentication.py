"""Who asks: a program by its token, a browser by its session."""

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from devices.domain import sign_in, tokens
from devices.models import ApiToken


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token ...`. A wrong token is refused even beside a good session."""

    def authenticate(self, request: Request) -> tuple[object, ApiToken] | None:
        token = tokens.in_header(request.headers.get("Authorization", ""))
        if token is None:
            return None
        address = request.META.get("REMOTE_ADDR", "")
        found = tokens.find(token, timezone.now(), address)
        if found is None:
            sign_in.refuse_token(address)
            raise AuthenticationFailed(
                "The token is wrong, has expired or was revoked; "
                "`manage.py api_token USERNAME` makes a new one."
            )
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The token as the schema tells it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": 'The word "Token", a blank, and what `manage.py api_token` printed.',
        }
