"""Signing in. Who guesses is told to wait."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from devices.domain import sessions, sign_in
from t3000.account_forms import too_many


class SignInForm(AuthenticationForm):
    """A right password, and not after too many wrong ones."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("User name or password is wrong. Both are case-sensitive."),
    }
    request: HttpRequest
    wait = 0  # seconds until the next try

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if not username or not self.cleaned_data.get("password"):
            return super().clean()
        address = self.request.META.get("REMOTE_ADDR", "")
        self.wait = sign_in.begin_try(username, address)
        if self.wait:
            raise too_many(self.wait)
        try:
            cleaned = super().clean()
        except ValidationError:
            sign_in.fail(username, address)
            raise
        sign_in.succeed(username, address)
        return cleaned


class SignIn(LoginView):
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_valid(form)
        user: Any = form.get_user()
        describe_session(self.request, user)
        sessions.begin(user, address=self.request.META.get("REMOTE_ADDR", ""))
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_invalid(form)
        if form.wait:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait)
        return response


class SignOut(LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            if isinstance(request.user, User):
                sessions.leave(request.user, address=request.META.get("REMOTE_ADDR", ""))
            return super().post(request, *args, **kwargs)


def describe_session(request: HttpRequest, user: User) -> None:
    """Call it whenever Django has made a session for the user."""
    sessions.describe(
        user,
        request.session.session_key or "",
        address=request.META.get("REMOTE_ADDR", ""),
        user_agent=request.headers.get("User-Agent", ""),
    )
