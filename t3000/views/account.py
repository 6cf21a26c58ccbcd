"""My account: one's own password, sessions and tokens."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from devices.domain import accounts, sessions, tokens
from t3000.account_forms import PasswordForm, TokenForm
from t3000.views.account_rows import session_rows, token_rows
from t3000.views.sign_in import describe_session

View = Callable[..., HttpResponse]


def _posted(view: View) -> View:
    """Whoever comes by an address, as after signing in anew, gets the page."""

    @wraps(view)
    def only_posted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if request.method == "POST" else redirect("account")

    return only_posted


@require_safe
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    return _page(request)


@sensitive_post_parameters()
@sensitive_variables()
@never_cache
@_posted
def change_password(request: Any) -> HttpResponse:
    form = PasswordForm(request.user, request.META.get("REMOTE_ADDR", ""), request.POST)
    if not form.is_valid():
        response = _page(request, password_form=form, status=429 if form.wait else 422)
        if form.wait:
            response.headers["Retry-After"] = str(form.wait)
        return response
    key = request.session.session_key
    accounts.change_password(request.user, form.cleaned_data["new"], keep_session=key)
    update_session_auth_hash(request, request.user)  # this browser goes on, with another key
    describe_session(request, request.user)
    messages.success(request, _("Your password is changed, and your other sessions are ended."))
    return redirect("account")


@_posted
def end_session(request: Any, session_id: int) -> HttpResponse:
    row = get_object_or_404(sessions.list_for(request.user), pk=session_id)
    sessions.end(row)
    messages.success(request, _("The session is ended."))
    return redirect("account")


@_posted
def end_other_sessions(request: Any) -> HttpResponse:
    count = sessions.end_all(request.user, except_key=request.session.session_key)
    said = ngettext("%d other session is ended.", "%d other sessions are ended.", count)
    messages.success(request, said % count)
    return redirect("account")


@sensitive_variables()
@never_cache
@_posted
def make_token(request: Any) -> HttpResponse:
    """The answer is the only page that tells the token: it is not kept for another one."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token_form=form, status=422)
    days = form.cleaned_data["days"]
    lifetime = timedelta(days=int(days)) if days else tokens.UNTIL_REVOKED
    try:
        made = tokens.make(request.user, name=form.cleaned_data["name"], lifetime=lifetime)
    except tokens.TooMany as error:
        form.add_error(None, str(error))
        return _page(request, token_form=form, status=409)
    return _page(request, made=made, made_name=form.cleaned_data["name"], status=201)


@_posted
def revoke_token(request: Any, token_id: int) -> HttpResponse:
    row = get_object_or_404(tokens.list_for(request.user), pk=token_id)
    tokens.revoke(row)
    messages.success(request, _("The token %s is revoked.") % row)
    return redirect("account")


def _page(request: Any, *, status: int = 200, **context: Any) -> HttpResponse:
    blank = {
        "password_form": PasswordForm(request.user, ""),
        "token_form": TokenForm(),
        "sessions": session_rows(sessions.list_for(request.user), request.session.session_key),
        "tokens": token_rows(tokens.list_for(request.user)),
    }
    return render(request, "account/account.html", {**blank, **context}, status=status)
