"""Whether the service works, for whoever watches it. Says nothing that is worth hiding."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from devices import relay

log = logging.getLogger(__name__)

_failing: set[str] = set()


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    problems = {"database": _database_problem()}
    if relay.is_used():
        problems["redis"] = relay.problem()
    for name, problem in problems.items():
        _tell(name, problem)
    words = {name: "failed" if problem else "ok" for name, problem in problems.items()}
    is_well = not any(problems.values())
    return JsonResponse(
        {"status": "ok" if is_well else "failed", **words}, status=200 if is_well else 503
    )


def _tell(name: str, problem: str) -> None:
    """Anybody may ask as often as they like, so the log hears of changes only."""
    if problem and name not in _failing:
        _failing.add(name)
        log.error("the %s does not answer: %s", name, problem)
    elif not problem and name in _failing:
        _failing.discard(name)
        log.warning("the %s answers again", name)


def _database_problem() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        return str(error)
    return ""
