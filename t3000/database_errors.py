"""What an error of the database means: something is wrong for everybody, or only this failed."""

from django.db import ProgrammingError

AWAY = "the database is away"
NO_TABLES = "the database lacks tables or columns, run manage.py prepare"
REFUSED = "the database refuses to work"
# PostgreSQL's states, or how they begin: lost, shut down, out of connections.
AWAY_STATES = ("08", "57P", "53300")
MISSING_STATES = ("42P01", "42703")
# Somebody else was in the way: deadlock, serialization, lock, time limit.
PASSING_STATES = ("40", "55P03", "57014")
PASSING_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED")


def lasting_problem(error: Exception) -> str:
    """What is wrong with the database for everybody; empty if only this was not possible."""
    state = getattr(error.__cause__, "sqlstate", None) or ""  # PostgreSQL
    sqlite = getattr(error.__cause__, "sqlite_errorname", "")
    if state in MISSING_STATES or str(error).startswith(("no such table", "no such column")):
        return NO_TABLES
    if isinstance(error, ProgrammingError):
        return ""
    if state.startswith(PASSING_STATES) or sqlite.startswith(PASSING_SQLITE):
        return ""
    if state.startswith(AWAY_STATES) or not (state or sqlite) or sqlite == "SQLITE_CANTOPEN":
        return AWAY
    return REFUSED
