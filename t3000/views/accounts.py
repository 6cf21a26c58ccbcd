"""Accounts, for administrators: who may come in, as what, and ending their sessions."""

from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from devices.domain import accounts, sessions, tokens
from devices.domain.accounts import BadAccount
from devices.domain.errors import NotPossible
from devices.domain.rights import Rights
from devices.enums import Role
from t3000.account_forms import AccountForm
from t3000.views.account_rows import account_rows, session_rows, token_rows
from t3000.views.shell import PageRequest, needs, rights_of

Row = TypeVar("Row", bound=Model)


@require_safe
@never_cache
@needs(Role.ADMINISTRATOR)
def account_list(request: PageRequest) -> HttpResponse:
    rows = account_rows(rights_of(request), timezone.now())
    return render(request, "accounts/list.html", {"accounts": rows})


@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@needs(Role.ADMINISTRATOR)
def add(request: PageRequest) -> HttpResponse:
    rights = rights_of(request)
    sites = accounts.to_give(rights)
    if request.method != "POST":
        form = AccountForm(sites, initial={"active": True})
        return render(request, "accounts/form.html", {"form": form})
    form = AccountForm(sites, request.POST)
    made = form.is_valid() and _carry_out(form, lambda: accounts.create(form.wish(), by=rights))
    if not made:
        return render(request, "accounts/form.html", {"form": form}, status=422)
    messages.success(request, _("%s has an account now.") % form.cleaned_data["username"])
    return redirect("accounts")


@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@needs(Role.ADMINISTRATOR)
def edit(request: PageRequest, user_id: int) -> HttpResponse:
    rights = rights_of(request)
    account = get_object_or_404(accounts.seen(rights), pk=user_id)
    is_managed = accounts.managed(rights).filter(pk=user_id).exists()
    sites = accounts.to_give(rights)
    if request.method != "POST":
        form = AccountForm(sites, initial=_present(account, rights), roles_only=not is_managed)
        return _page(request, account, form, is_managed)
    form = AccountForm(sites, request.POST, roles_only=not is_managed)
    done = form.is_valid() and _carry_out(
        form, lambda: accounts.update(account, form.wish(), by=rights)
    )
    if not done:
        account.refresh_from_db()
        return _page(request, account, form, is_managed, status=422)
    messages.success(request, _("The account of %s is changed.") % account)
    return redirect("accounts")


@require_POST
@needs(Role.ADMINISTRATOR)
def delete(request: PageRequest, user_id: int) -> HttpResponse:
    rights = rights_of(request)
    account = get_object_or_404(accounts.managed(rights), pk=user_id)
    try:
        accounts.delete(account, by=rights)
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The account of %s is deleted.") % account)
    return redirect("accounts")


@require_POST
@needs(Role.ADMINISTRATOR)
def end_sessions(request: PageRequest, user_id: int) -> HttpResponse:
    """One of them, or all."""
    account = get_object_or_404(accounts.managed(rights_of(request)), pk=user_id)
    if "session" in request.POST:
        sessions.end(_posted_row(request, "session", sessions.list_for(account)))
    else:
        sessions.end_all(account)
    return redirect("accounts-edit", user_id)


@require_POST
@needs(Role.ADMINISTRATOR)
def revoke_token(request: PageRequest, user_id: int) -> HttpResponse:
    account = get_object_or_404(accounts.managed(rights_of(request)), pk=user_id)
    tokens.revoke(_posted_row(request, "token", tokens.list_for(account)))
    return redirect("accounts-edit", user_id)


def _posted_row(request: PageRequest, name: str, rows: QuerySet[Row]) -> Row:
    """Raises Http404."""
    number = request.POST.get(name, "")
    return get_object_or_404(rows, pk=number if number.isdecimal() and len(number) < 19 else 0)


def _carry_out(form: AccountForm, change: Any) -> bool:
    """Whether it was; else the form says what is wrong."""
    try:
        change()
    except BadAccount as error:
        for field, told in error.problems.items():
            form.add_error(field if field in form.fields else None, told)
        return False
    except NotPossible as error:
        form.add_error(None, str(error))
        return False
    return True


def _present(account: User, rights: Rights) -> dict[str, Any]:
    found = accounts.roles_of(User.objects.filter(pk=account.pk), rights).get(account.pk, {})
    return {
        "username": account.username,
        "name": account.get_full_name(),
        "email": account.email,
        "active": account.is_active,
        **{f"role_{site or 'all'}": role.word for site, role in found.items()},
    }


def _page(
    request: PageRequest, account: User, form: AccountForm, is_managed: bool, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "account": account,
        "form": form,
        "is_managed": is_managed,
    }
    if is_managed:
        here = request.session.session_key
        context["sessions"] = session_rows(sessions.list_for(account), here)
        context["tokens"] = token_rows(tokens.list_for(account))
    return render(request, "accounts/form.html", context, status=status)
