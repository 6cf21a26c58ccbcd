"""The hub: snapshot + events = new snapshot, whatever the client's pace, and bounded memory."""

import asyncio
import threading
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import live
from devices.live import Client, Hub, Subscription
from devices.live_rows import DeviceStatus, PointChange

POINTS = frozenset(range(1, 6))


class Browser:
    """A client that applies what it is sent, and acknowledges only when told to."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.client = Client(self._receive, self._closed)
        self.frames: list[dict[str, Any]] = []
        self.bytes = 0
        self.shown: dict[int, tuple[Any, ...]] = {}
        self.states: dict[int, str] = {}
        self.closed: int | None = None

    async def _receive(self, text: str) -> None:
        frame = orjson.loads(text)
        self.bytes += len(text)
        self.frames.append(frame)
        if "snapshot" in frame:
            self.shown.clear()
            self._apply(frame["snapshot"]["points"])
            self._states(frame["snapshot"]["devices"])
        self._apply(frame.get("point_update"))
        self._states(frame.get("device_status", ()))

    def _apply(self, columns: dict[str, list[Any]] | None) -> None:
        if columns:
            rows = zip(*columns.values(), strict=True)
            self.shown |= {point_id: tuple(rest) for point_id, *rest in rows}

    def _states(self, statuses: Iterable[dict[str, Any]]) -> None:
        self.states |= {status["device_id"]: status["state"] for status in statuses}

    async def _closed(self, code: int) -> None:
        self.closed = code

    def acknowledge(self) -> None:
        self.hub.acknowledge(self.client, self.frames[-1]["seq"] if self.frames else 0)

    @property
    def numbers(self) -> list[int]:
        return [frame["seq"] for frame in self.frames]


class World:
    """Points and what they are now: what a fresh snapshot would say."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.now = 0
        self.points = {point_id: PointChange(point_id, 0.0, "0.0", 0, 0) for point_id in POINTS}

    def change(self, point_id: int, value: float) -> None:
        self.now += 1
        change = PointChange(point_id, value, f"{value:.1f}", 0, self.now)
        self.points[point_id] = change
        self.hub._take([change], [])

    def subscribe(self, browser: Browser, points: frozenset[int] = POINTS) -> None:
        self.hub.subscribe(browser.client, Subscription(points=points))
        self.snapshot(browser, points)

    def snapshot(self, browser: Browser, points: frozenset[int] = POINTS) -> None:
        changes = [self.points[point_id] for point_id in points]
        self.hub.send_snapshot(browser.client, changes, [], [], self.now)

    def shown(self, points: frozenset[int] = POINTS) -> dict[int, tuple[Any, ...]]:
        return {point_id: tuple(self.points[point_id][1:]) for point_id in points}


async def settle() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from(sorted(POINTS)), st.floats(-99, 99)),
        st.tuples(st.just("flush"), st.none(), st.none()),
        st.tuples(st.just("ack"), st.none(), st.none()),
        st.tuples(st.just("resubscribe"), st.none(), st.none()),
        st.tuples(st.just("snapshot late"), st.sampled_from(sorted(POINTS)), st.floats(-99, 99)),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_snapshot_and_events_equal_a_new_snapshot(steps: list[tuple[str, Any, Any]]) -> None:
    async def run() -> None:
        hub = Hub()
        world, browser = World(hub), Browser(hub)
        world.subscribe(browser)
        for step, point_id, value in steps:
            if step == "change":
                world.change(point_id, value)
            elif step == "flush":
                hub._send_changes()
            elif step == "ack":
                await settle()
                browser.acknowledge()
            elif step == "resubscribe" and browser.client.has_room:
                world.subscribe(browser)
            elif step == "snapshot late" and browser.client.has_room:
                hub.subscribe(browser.client, Subscription(points=POINTS))
                world.change(point_id, value)  # between subscription and snapshot
                hub._send_changes()
                world.snapshot(browser)
            await settle()
            assert len(browser.client._unacknowledged) <= live.OUTSTANDING
        for _ in range(3):
            hub._send_changes()
            await settle()
            browser.acknowledge()
            await settle()
        assert browser.shown == world.shown()
        assert browser.numbers == list(range(1, len(browser.numbers) + 1))
        hub.detach(browser.client)

    asyncio.run(run())


async def test_sockets_with_one_subscription_share_the_encoding() -> None:
    hub = Hub()
    world = World(hub)
    browsers = [Browser(hub) for _ in range(3)]
    for browser in browsers:
        world.subscribe(browser)
    world.change(1, 7.0)
    assert len(hub._feeds) == 1
    hub._send_changes()
    await settle()
    assert all(browser.shown == world.shown() for browser in browsers)


async def test_a_socket_hears_only_what_it_subscribed_to() -> None:
    hub = Hub()
    world, browser = World(hub), Browser(hub)
    world.subscribe(browser, frozenset({1}))
    world.change(2, 7.0)
    hub._send_changes()
    await settle()
    assert len(browser.frames) == 1  # the snapshot


async def test_device_status_is_passed_on() -> None:
    hub = Hub()
    browser = Browser(hub)
    hub.subscribe(browser.client, Subscription(devices=frozenset({4})))
    hub.send_snapshot(browser.client, [], [DeviceStatus(4, "online", 1, 1)], [], 1)
    hub._take([], [DeviceStatus(4, "offline", 1, 2), DeviceStatus(5, "online", 1, 2)])
    hub._send_changes()
    await settle()
    assert browser.states == {4: "offline"}


async def test_a_socket_that_reads_nothing_costs_a_value_per_point() -> None:
    hub = Hub()
    world, browser = World(hub), Browser(hub)
    world.subscribe(browser)
    for number in range(2000):
        world.change(number % 5 + 1, float(number))
        hub._send_changes()
    await settle()
    assert len(browser.frames) == live.OUTSTANDING
    assert len(browser.client.missed.points) == len(POINTS)
    browser.acknowledge()
    await settle()
    assert len(browser.frames) == live.OUTSTANDING + 1
    assert browser.shown == world.shown()


async def test_a_silent_socket_is_closed_and_a_quiet_one_gets_a_heartbeat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = asyncio.get_running_loop().time()
    hub = Hub()
    world = World(hub)
    silent, quiet = Browser(hub), Browser(hub)
    for browser in (silent, quiet):
        world.subscribe(browser)
        await settle()
    quiet.acknowledge()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", lambda: now + live.HEARTBEAT + 1)
    hub._look_after()
    await settle()
    assert quiet.frames[-1] == {"seq": 2, "heartbeat": True}
    quiet.acknowledge()
    monkeypatch.setattr(loop, "time", lambda: now + live.SILENCE + 1)
    hub._look_after()
    await settle()
    assert (silent.closed, quiet.closed) == (live.CLOSE_SILENT, None)
    world.change(1, 1.0)
    hub._send_changes()
    await settle()
    assert silent.numbers[-1] < quiet.numbers[-1]


async def test_publish_comes_from_any_thread_and_several_publishers() -> None:
    hub = Hub()
    world, browser = World(hub), Browser(hub)
    world.subscribe(browser)

    def publisher(point_id: int) -> None:
        for number in range(200):
            hub.publish([PointChange(point_id, number, str(number), 0, number)], [])

    threads = [threading.Thread(target=publisher, args=(point_id,)) for point_id in POINTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    await asyncio.sleep(live.COLLECT * 2)
    assert browser.shown == dict.fromkeys(POINTS, (199, "199", 0, 199))


def test_publish_without_a_socket_or_after_the_end_does_nothing() -> None:
    hub = Hub()
    change = PointChange(1, 1.0, "1.0", 0, 0)
    hub.publish([change], [])

    async def subscribe() -> None:
        hub.subscribe(Browser(hub).client, Subscription(points=POINTS))

    asyncio.run(subscribe())
    hub.publish([change], [])  # that loop is closed now


async def test_detach_forgets_everything() -> None:
    hub = Hub()
    browser = Browser(hub)
    hub.subscribe(browser.client, Subscription(points=POINTS, devices=frozenset({1})))
    hub.detach(browser.client)
    hub.detach(browser.client)
    assert (hub._feeds, hub._by_point, hub._by_device, hub._feed_of) == ({}, {}, {}, {})
