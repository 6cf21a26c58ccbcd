"""A list of 10,000 points through the REST API: ours against the same members from a plain
ModelSerializer with the usual select_related, in the same run, on the same rows. Both are asked as
views for ten pages, from the request to the rendered bytes; paging, authentication and database are
the same, and so is what they say. `list_cpu_ratio` is our CPU time to the plain list's.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

DEVICES = 40
POINTS = 250  # of each device
PAGE = 1000
PAGES = DEVICES * POINTS // PAGE
ROUNDS = 7


def main() -> None:
    data_dir = tempfile.mkdtemp(prefix="t3000-bench-")
    os.environ["T3000_DATA_DIR"] = data_dir
    os.environ["DJANGO_SETTINGS_MODULE"] = "t3000.settings"
    os.environ.setdefault("T3000_LOG_LEVEL", "ERROR")
    import django

    django.setup()
    from django.core.management import call_command

    try:
        call_command("migrate", verbosity=0)
        fill()
        ours, plain = views()
        check(ours(), plain())
        report(measure(ours, plain))
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def fill() -> None:
    from django.utils import timezone

    from devices.models import Device, Link, Network, Site
    from t3000.models import Point, PointValue

    now = timezone.now() + timedelta(minutes=5)  # fresh until the bench is over
    site = Site.objects.create(name="Bench")
    network = Network.objects.create(site=site, name="Bench", interface="127.0.0.1/8")
    for instance in range(DEVICES):
        device = Device.objects.create(
            network=network, instance=instance, address=f"127.0.0.1:{instance}", name="Bench"
        )
        Link.objects.create(device=device, state="online", last_seen_at=now, due_at=now)
        points = Point.objects.bulk_create(
            Point(
                device=device, kind="input", index=index, address=f"analog-input,{index + 1}",
                state="in_sync", held=texts(index), **texts(index),
            )
            for index in range(POINTS)
        )  # fmt: skip
        PointValue.objects.bulk_create(
            PointValue(point=point, value=20 + point.index / 7, quality=0, time=now)
            for point in points
        )


def texts(index: int) -> dict[str, Any]:
    return {
        "label": f"ZN-T{index}",
        "description": f"Zone temperature {index}",
        "units": "°C",
        "states": [],
        "low": -40.0,
        "high": 120.0,
    }


def views() -> tuple[Callable[[], list[bytes]], Callable[[], list[bytes]]]:
    """What is asked for all pages of 1,000 points: ours, and a plain one."""
    from django.contrib.auth import get_user_model
    from django.urls import resolve
    from rest_framework.test import APIRequestFactory, force_authenticate

    user = get_user_model().objects.create_superuser("bench")

    def asker(view: Any) -> Callable[[], list[bytes]]:
        def ask(page: int) -> bytes:
            query = {"page": page, "page_size": PAGE}
            request = APIRequestFactory(SERVER_NAME="localhost").get("/", query)
            force_authenticate(request, user)
            response = view(request)
            response.render()
            return bytes(response.content)

        return lambda: [ask(page) for page in range(1, PAGES + 1)]

    return asker(resolve("/api/t3000/points").func), asker(plain_view())


def plain_view() -> Any:
    """As the guide of Django REST framework shows it."""
    from django.utils import timezone
    from rest_framework import serializers
    from rest_framework.generics import ListAPIView
    from rest_framework.pagination import PageNumberPagination
    from rest_framework.renderers import JSONRenderer

    from t3000.api.points import Points
    from t3000.domain.queries import live_value
    from t3000.enums import Quality
    from t3000.models import Point

    class PointSerializer(serializers.ModelSerializer[Point]):
        value = serializers.FloatField(source="current.value")
        text = serializers.SerializerMethodField()
        quality = serializers.SerializerMethodField()
        updated_at = serializers.DateTimeField(source="device.link.last_seen_at")
        auto_manual = serializers.SerializerMethodField()

        class Meta:
            model = Point
            fields = Points.members

        def get_text(self, point: Point) -> str:
            return str(self._live(point).text)

        def get_quality(self, point: Point) -> str:
            return Quality(self._live(point).quality).name.lower()

        def get_auto_manual(self, point: Point) -> str | None:
            return {0: "auto", 1: "manual"}.get(self._live(point).quality)

        def _live(self, point: Any) -> Any:
            if not hasattr(point, "shown"):
                point.shown = live_value(point, timezone.now())
            return point.shown

    class Pages(PageNumberPagination):
        max_page_size = 1000
        page_size_query_param = "page_size"

    class View(ListAPIView[Point]):
        queryset = Point.objects.select_related("current", "device__link", "device__network")
        serializer_class = PointSerializer
        pagination_class = Pages
        renderer_classes = [JSONRenderer]

    return View.as_view()


def check(ours: list[bytes], plain: list[bytes]) -> None:
    """That both say the same."""
    results = [[row for body in each for row in orjson.loads(body)["results"]]
               for each in (ours, plain)]  # fmt: skip
    if results[0] != results[1] or len(results[0]) != DEVICES * POINTS:
        raise RuntimeError(f"not the same: {results[0][0]} and {results[1][0]}")


def measure(*asks: Callable[[], list[bytes]]) -> list[float]:
    """CPU seconds of each, in turns, so that what else the machine does hits both."""
    times: list[list[float]] = [[] for _ in asks]
    for _ in range(ROUNDS):
        for ask, own in zip(asks, times, strict=True):
            started = time.process_time()
            ask()
            own.append(time.process_time() - started)
    return [statistics.median(own) for own in times]


def report(figures: list[float]) -> None:
    ours, plain = figures
    print(f"{'CPU of 10,000 points':24} {'s':>8} {'us/point':>10}")
    for name, seconds in (("T3000", ours), ("plain ModelSerializer", plain)):
        print(f"{name:24} {seconds:8.3f} {seconds / DEVICES / POINTS * 1e6:10.1f}")
    result = {"points": DEVICES * POINTS, "cpu_s": round(ours, 3), "plain_cpu_s": round(plain, 3)}
    print(orjson.dumps({**result, "list_cpu_ratio": round(ours / plain, 3)}).decode())


if __name__ == "__main__":
    main()
