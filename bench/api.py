"""A list of points through the REST API: ours against the same members from a plain ModelSerializer
with the usual select_related, in the same run, on the same rows. Both are asked as views, from the
request to the rendered bytes; paging, authentication and database are the same.
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

DEVICES = 20
POINTS = 50  # of each device: one page of 1,000
ROUNDS = 40


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
                label=f"ZN-T{index}", description=f"Zone temperature {index}", units="°C",
            )
            for index in range(POINTS)
        )  # fmt: skip
        PointValue.objects.bulk_create(
            PointValue(point=point, value=20 + point.index / 7, quality=0, time=now)
            for point in points
        )


def views() -> tuple[Callable[[], bytes], Callable[[], bytes]]:
    """What is asked for a page of 1,000 points: ours, and a plain one."""
    from django.contrib.auth import get_user_model
    from rest_framework.test import APIRequestFactory, force_authenticate

    from t3000.api.points import PointList

    user = get_user_model().objects.create_user("bench")

    def asker(view: Any) -> Callable[[], bytes]:
        def ask() -> bytes:
            request = APIRequestFactory(SERVER_NAME="localhost").get(
                "/", {"page_size": DEVICES * POINTS}
            )
            force_authenticate(request, user)
            response = view(request)
            response.render()
            return bytes(response.content)

        return ask

    return asker(PointList.as_view()), asker(plain_view())


def plain_view() -> Any:
    """As the guide of Django REST framework shows it."""
    from django.utils import timezone
    from rest_framework import serializers
    from rest_framework.generics import ListAPIView
    from rest_framework.pagination import PageNumberPagination
    from rest_framework.renderers import JSONRenderer

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
            fields = (
                "id", "device", "kind", "index", "label", "description", "value", "text", "units",
                "quality", "updated_at", "auto_manual",
            )  # fmt: skip

        def get_text(self, point: Point) -> str:
            return str(self._live(point).text)

        def get_quality(self, point: Point) -> str:
            return Quality(self._live(point).quality).name.lower()

        def get_auto_manual(self, point: Point) -> str | None:
            return {0: "auto", 1: "manual"}.get(self._live(point).quality)

        def _live(self, point: Point) -> Any:
            if not hasattr(point, "live"):
                point.live = live_value(point, timezone.now())  # type: ignore[attr-defined]
            return point.live  # type: ignore[attr-defined]

    class Pages(PageNumberPagination):
        max_page_size = 1000
        page_size_query_param = "page_size"

    class View(ListAPIView[Point]):
        queryset = Point.objects.select_related("current", "device__link", "device__network")
        serializer_class = PointSerializer
        pagination_class = Pages
        renderer_classes = [JSONRenderer]

    return View.as_view()


def check(ours: bytes, plain: bytes) -> None:
    """That both say the same."""
    results = [orjson.loads(body)["results"] for body in (ours, plain)]
    if results[0] != results[1] or len(results[0]) != DEVICES * POINTS:
        raise RuntimeError(f"not the same: {results[0][0]} and {results[1][0]}")


def measure(*asks: Callable[[], bytes]) -> list[float]:
    """Milliseconds of each, in turns, so that what else the machine does hits both."""
    times: list[list[float]] = [[] for _ in asks]
    for _ in range(ROUNDS):
        for ask, own in zip(asks, times, strict=True):
            started = time.perf_counter()
            ask()
            own.append((time.perf_counter() - started) * 1000)
    return [statistics.median(own) for own in times]


def report(figures: list[float]) -> None:
    ours, plain = figures
    print(f"{'':24} {'ms':>8} {'times ours':>12}")
    print(f"{'T3000':24} {ours:8.1f} {1:11.1f}x")
    print(f"{'plain ModelSerializer':24} {plain:8.1f} {plain / ours:11.1f}x")
    result = {"points": DEVICES * POINTS, "ms": round(ours, 2), "speedup": round(plain / ours, 2)}
    print(orjson.dumps(result).decode())


if __name__ == "__main__":
    main()
