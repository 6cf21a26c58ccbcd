"""A network's searches for devices: asking for one, following it, and deciding on what it found."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from devices.domain import findings, jobs, rows, scans
from devices.domain.errors import NotPossible
from devices.enums import FindingState, NetworkProtocol, Role, StepKind
from devices.forms import SearchForm
from devices.models import Finding, Network, Scan, ScanStep
from t3000.domain.approval import approve
from t3000.views import search_rows
from t3000.views.search_rows import LAST_STEPS, MOST_FINDINGS, MOST_STEPS
from t3000.views.shell import PageRequest, clock, needs, rights_of

VERBS = {"approve": approve, "dismiss": findings.dismiss}


@require_safe
@never_cache
@needs(Role.VIEWER)
def network(request: PageRequest, network_id: int) -> HttpResponse:
    """How a search goes and went; htmx asks for all but the form."""
    found = _network(request, network_id)
    context = _context(request, found, SearchForm())
    name = "networks/_search.html" if request.htmx else "networks/search.html"
    return render(request, name, context)


@require_POST
@needs(Role.ENGINEER)
def search(request: PageRequest, network_id: int) -> HttpResponse:
    """Asks for a search of the network."""
    found = _network(request, network_id)
    rights_of(request).require(Role.ENGINEER, found.site_id)
    form = SearchForm(request.POST)
    if form.is_valid():
        try:
            jobs.request_search(
                [found.pk], form.search, by=cast("User", request.user), now=timezone.now()
            )
        except (NotPossible, jobs.OnlyBacnet) as error:
            form.add_error(None, str(error))
        else:
            return redirect("network", found.pk)
    return render(request, "networks/search.html", _context(request, found, form), status=422)


@require_POST
@needs(Role.ENGINEER)
def decide(request: PageRequest, network_id: int) -> HttpResponse:
    """Approves or dismisses the findings that were chosen."""
    found = _network(request, network_id)
    verb = request.POST.get("verb", "")
    if verb not in VERBS:
        raise Http404(f"there is no verb {verb}")
    ticked = [one for one in request.POST.getlist("finding") if one.isdecimal() and len(one) < 19]
    ids = [int(one) for one in ticked[:MOST_FINDINGS]]
    known = Finding.objects.filter(network=found, pk__in=ids).values_list("pk", flat=True)
    chosen = list(known)
    if not chosen:
        messages.error(request, _("Nothing was chosen: tick what you mean first."))
    else:
        _carry_out(request, verb, chosen)
    return redirect(_at(found, request.POST.get("scan", "")))


def _carry_out(request: PageRequest, verb: str, ids: Sequence[int]) -> None:
    count, wrong = 0, ""
    try:
        for some in findings.in_parts(ids):
            count += len(VERBS[verb](some, by=rights_of(request)))
    except (NotPossible, rows.BadRows) as error:
        wrong = str(error)
    if verb == "approve":
        told = ngettext("%d finding is taken over.", "%d findings are taken over.", count)
    else:
        told = ngettext("%d finding is dismissed.", "%d findings are dismissed.", count)
    if count:
        messages.success(request, told % count)
    if wrong:
        what = _("The rest was not done. %s") if count else _("Nothing was done. %s")
        messages.error(request, what % wrong)


def _network(request: PageRequest, network_id: int) -> Network:
    seen = rights_of(request).visible(Network.objects.select_related("site", "lease"))
    found: Network = get_object_or_404(seen, pk=network_id)
    return found


def _at(network: Network, scan: str) -> str:
    address = reverse("network", args=[network.pk])
    return f"{address}?scan={scan}" if scan.isdecimal() else address


def _context(request: PageRequest, network: Network, form: SearchForm) -> dict[str, Any]:
    now, rights = timezone.now(), rights_of(request)
    asked = request.GET.get("scan", "")
    scan = _scan(network, asked)
    is_latest = not asked
    is_waiting = is_latest and scans.is_waiting(network, now)
    is_busy = is_waiting or (scan is not None and scan.is_running)
    may_decide = rights.may(Role.ENGINEER, network.site_id)
    steps, left_out = _steps(None if is_waiting else scan)
    advice = [step for step in steps if step.kind == StepKind.ADVICE]
    found, total = _findings(network, scan, is_latest=is_latest)
    groups = search_rows.finding_groups(found, may_decide=may_decide and not is_busy)
    return {
        **clock(network.site.time_zone),
        "network": network,
        "form": form,
        "is_bacnet": network.protocol == NetworkProtocol.BACNET,
        "may_search": may_decide,
        "may_decide": any(row.is_choosable for group in groups for row in group.rows),
        "is_busy": is_busy,
        "is_waiting": is_busy,
        "is_latest": is_latest,
        "scan": scan,
        "asked": search_rows.asked_words(scan) if scan else "",
        "seconds": search_rows.seconds(scan, now) if scan else 0,
        "verdict": search_rows.verdict(network, scan, advice, is_waiting=is_waiting),
        "steps": [step for step in steps if step.kind != StepKind.ADVICE],
        "steps_left_out": left_out,
        "groups": groups,
        "findings_left_out": max(0, total - len(found)),
        "open_count": sum(one.state == FindingState.OPEN for one in found),
        "scans": search_rows.scan_rows(network),
    }


def _scan(network: Network, asked: str) -> Scan | None:
    """The one that is asked for, else the latest. Raises Http404."""
    of_network = Scan.objects.filter(network=network)
    if not asked:
        return of_network.order_by("-pk").first()
    number = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
    return get_object_or_404(of_network, pk=number)


def _steps(scan: Scan | None) -> tuple[list[ScanStep], int]:
    """In their order, and how many are left out: of a search that runs the last ones are told, of
    one that is over the first, and all that it means."""
    if scan is None:
        return [], 0
    told = ScanStep.objects.filter(scan=scan)
    count = told.count()
    if scan.is_running:
        last = list(told.order_by("-pk")[:LAST_STEPS])
        return last[::-1], count - len(last)
    first = list(told.order_by("pk")[:MOST_STEPS])
    if count > len(first):
        known = {step.pk for step in first}
        kept = told.filter(kind=StepKind.ADVICE) | told.filter(is_problem=True)
        first += [step for step in kept.order_by("pk")[:MOST_STEPS] if step.pk not in known]
    return first, count - len(first)


def _findings(network: Network, scan: Scan | None, *, is_latest: bool) -> tuple[list[Finding], int]:
    """What the search found; with the latest all that is still to be decided."""
    found: QuerySet[Finding] = Finding.objects.filter(network=network)
    of_scan = found.filter(scan=scan)
    if is_latest:
        told = of_scan.exclude(state=FindingState.SUPERSEDED) | found.filter(
            state=FindingState.OPEN
        )
    else:
        told = of_scan
    related = told.select_related("device").defer("description").order_by("pk")
    return list(related[:MOST_FINDINGS]), told.count()
