"""A large site: how long seeding takes, and the server's time for each list of the REST API there,
from the request to the rendered bytes, the login included. On the database that DATABASE_URL names,
or SQLite."""

import os
import shutil
import statistics
import tempfile
import time
from typing import Any

import orjson

DEVICES = 1000
ROUNDS = 7
PAGES = (100, 1000)


def main() -> None:
    data_dir = tempfile.mkdtemp(prefix="t3000-bench-")
    os.environ["T3000_DATA_DIR"] = data_dir
    os.environ["DJANGO_SETTINGS_MODULE"] = "t3000.settings"
    os.environ.setdefault("T3000_LOG_LEVEL", "ERROR")
    os.environ.setdefault("T3000_ALLOWED_HOSTS", "testserver")
    import django

    django.setup()
    from django.core.management import call_command

    try:
        call_command("migrate", verbosity=0)
        started = time.perf_counter()
        call_command("seed_site", devices=DEVICES)
        report(time.perf_counter() - started, measure())
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def measure() -> dict[str, list[float]]:
    """Milliseconds of each list, by size of its page."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from devices.enums import Role
    from devices.models import RoleAssignment, Site

    user = get_user_model().objects.create_user("bench")
    RoleAssignment.objects.create(user=user, site=Site.objects.get(), role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    return {
        path: [milliseconds(client, f"/{path}?page_size={size}") for size in PAGES]
        for path in lists()
    }


def lists() -> list[str]:
    """Every list there is, told by its view."""
    from django.urls import get_resolver

    from devices.api.views import ListView

    return [
        str(pattern.pattern)
        for pattern in get_resolver().url_patterns
        if issubclass(getattr(pattern.callback, "cls", object), ListView)
        and getattr(pattern, "name", None)
        and "<" not in str(pattern.pattern)
    ]


def milliseconds(client: Any, path: str) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        response = client.get(path)
        times.append((time.perf_counter() - started) * 1000)
        if response.status_code not in (200, 403):
            raise RuntimeError(f"{path}: {response.status_code} {response.content[:200]!r}")
    return statistics.median(times)


def report(seconds: float, figures: dict[str, list[float]]) -> None:
    print(f"{DEVICES:,} devices seeded in {seconds:.1f} s")
    print(f"{'list, ms':40}" + "".join(f"{size:>10}" for size in PAGES))
    for path, times in figures.items():
        print(f"{path:40}" + "".join(f"{time:10.1f}" for time in times))
    slowest = max(times[0] for times in figures.values())
    result = {"seed_seconds": round(seconds, 1), "slowest_list_ms": round(slowest, 1)}
    print(orjson.dumps(result).decode())


if __name__ == "__main__":
    main()
