"""The poll path against a device that answers as the test says, over UDP."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bacpypes3.apdu import APDU, ReadPropertyMultipleACK
from bacpypes3.pdu import PDU
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.bacnet import live, poller
from protocols.bacnet.codec import apdu, frames, services, tags
from protocols.bacnet.codec.names import OBJECT_TYPES, PROPERTIES, ObjectId, object_id
from protocols.bacnet.codec.services import PropertyError, PropertyRef
from protocols.bacnet.driver import BacnetDriver
from protocols.bacnet.held import reading_of
from protocols.bacnet.properties import STANDARD_OBJECTS, PropertyKey, _property
from protocols.errors import Busy, Timeout, Unreachable
from protocols.types import (
    Endpoint,
    NetworkSettings,
    Path,
    PointAddress,
    Profile,
    Quality,
    Reading,
)

VALUE, FLAGS, RELIABILITY = (
    PROPERTIES[name] for name in ("present-value", "status-flags", "reliability")
)
UNKNOWN_OBJECT, UNKNOWN_PROPERTY = PropertyError(1, 31), PropertyError(2, 32)
GOOD = tags.encode_bit_string([False] * 4)
FAULT = tags.encode_bit_string([False, True, False, False])
POINTS = [PointAddress("analog-input", number) for number in range(1, 41)]
Answer = bytes | None


class Device(asyncio.DatagramProtocol):
    """Answers as `answer` says, else truthfully from `values`; by point, in tagged octets."""

    def __init__(self, values: dict[PointAddress, tuple[bytes, bytes]]) -> None:
        self.values = {object_id(point): told for point, told in values.items()}
        self.reliability: dict[ObjectId, int] = {}
        self.asked: list[apdu.ConfirmedRequest] = []
        self.sources: set[tuple[str, int]] = set()
        self.answer: Callable[[apdu.ConfirmedRequest], Answer | list[bytes]] = self.truth
        self.only_port: int | None = None
        self.instance = 51
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        frame = frames.unwrap(data)
        request = apdu.parse(frame.apdu) if frame else None
        if not isinstance(request, apdu.ConfirmedRequest):
            return
        if self.only_port not in (None, addr[1]):
            return
        self.sources.add(addr)
        if request.service == apdu.READ_PROPERTY and self._asks_who_it_is(request):
            answer: Answer | list[bytes] = self.introduction(request)
        else:
            self.asked.append(request)
            answer = self.answer(request)
        for one in answer if isinstance(answer, list) else [answer]:
            if one is not None:
                self.transport.sendto(frames.wrap(one), addr)

    @staticmethod
    def _asks_who_it_is(request: apdu.ConfirmedRequest) -> bool:
        return services.decode_read_property(request.data)[0].type == OBJECT_TYPES["device"]

    def introduction(self, request: apdu.ConfirmedRequest) -> Answer:
        """The first thing that it is asked, not counted among the others."""
        identifier, wanted = services.decode_read_property(request.data)
        if identifier.instance != self.instance:
            return apdu.error(request.invoke_id, request.service, *UNKNOWN_OBJECT)
        value = tags.encode_object_identifier(identifier)
        data = services.encode_property_value(identifier, wanted, value)
        return apdu.complex_ack(request.invoke_id, request.service, data)

    def truth(self, request: apdu.ConfirmedRequest) -> Answer:
        if request.service == apdu.READ_PROPERTY:
            identifier, wanted = services.decode_read_property(request.data)
            value = self.told(identifier, wanted)
            if isinstance(value, PropertyError):
                return apdu.error(request.invoke_id, request.service, *value)
            data = services.encode_property_value(identifier, wanted, value)
        else:
            data = services.encode_results(
                (identifier, [(one, self.told(identifier, one)) for one in wanted])
                for identifier, wanted in services.decode_read_property_multiple(request.data)
            )
        return apdu.complex_ack(request.invoke_id, request.service, data)

    def told(self, identifier: ObjectId, wanted: PropertyRef) -> bytes | PropertyError:
        if identifier not in self.values:
            return UNKNOWN_OBJECT
        if wanted.property == RELIABILITY and identifier in self.reliability:
            return tags.encode_enumerated(self.reliability[identifier])
        place = {VALUE: 0, FLAGS: 1}.get(wanted.property)
        return UNKNOWN_PROPERTY if place is None else self.values[identifier][place]

    @property
    def sizes(self) -> list[int]:
        """How many objects were asked of in each request."""
        return [
            len(services.decode_read_property_multiple(one.data))
            if one.service == apdu.READ_PROPERTY_MULTIPLE
            else 1
            for one in self.asked
        ]


def _double(value: float) -> bytes:
    return b"\x55\x08" + struct.pack(">d", value)


Setup = Callable[..., Awaitable[tuple[BacnetDriver, Endpoint, Device]]]


@pytest.fixture
async def setup(free_port: Callable[[], int]) -> AsyncIterator[Setup]:
    opened: list[Any] = []

    async def start(profile: Profile | None = None, **settings: Any) -> Any:
        port = free_port()
        values = {
            point: (tags.encode_real(float(number)), GOOD) for number, point in enumerate(POINTS)
        }
        device = Device(values)
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.51", port))
        transport, _ = await loop.create_datagram_endpoint(lambda: device, sock=sock)
        ways = {"timeout": 0.5, "retries": 1, **settings}
        driver = BacnetDriver(NetworkSettings("127.0.0.1/8", free_port(), **ways))
        await driver.connect()
        opened.extend((transport, driver))
        endpoint = Endpoint(f"127.0.0.51:{port}", 51)
        driver.recall(endpoint, profile or Profile(max_apdu=1476))
        return driver, endpoint, device

    yield start
    for transport, driver in zip(opened[0::2], opened[1::2], strict=True):
        await driver.disconnect()
        transport.close()
        await asyncio.sleep(0)


async def test_all_points_in_one_request_from_a_port_of_its_own(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    for _ in range(3):  # decoded, then by the layout
        readings = await driver.read(endpoint, POINTS)
        assert [one.value for one in readings] == [float(number) for number in range(40)]
        assert {one.quality for one in readings} == {Quality.GOOD}
        assert [one.address for one in readings] == POINTS
    assert device.sizes == [40, 40, 40]
    assert driver.settings.port not in {port for _, port in device.sources}
    assert len({one.invoke_id for one in device.asked}) == 3


async def test_values_that_change_their_size_and_points_that_turn_bad(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    points = [
        PointAddress("binary-input", 1),
        PointAddress("multi-state-value", 2),
        PointAddress("large-analog-value", 3),
    ]
    told: list[list[bytes | PropertyError]] = [
        [
            tags.encode_enumerated(1),
            tags.encode_unsigned(3),
            bytes.fromhex("5508 4000000000000000"),
        ],
        [
            tags.encode_enumerated(0),
            tags.encode_unsigned(2),
            bytes.fromhex("5508 4008000000000000"),
        ],
        [tags.encode_enumerated(0), tags.encode_unsigned(70000), tags.encode_real(7.5)],
        [tags.encode_character_string("?"), tags.encode_null(), bytes.fromhex("447fc00000")],
    ]
    found = []
    for values in told:
        device.values = {
            object_id(point): (value, GOOD)  # type: ignore[misc]
            for point, value in zip(points, values, strict=True)
        }
        found.append([(one.value, one.quality.name) for one in await driver.read(endpoint, points)])
    assert found == [
        [(1.0, "GOOD"), (3.0, "GOOD"), (2.0, "GOOD")],
        [(0.0, "GOOD"), (2.0, "GOOD"), (3.0, "GOOD")],
        [(0.0, "GOOD"), (70000.0, "GOOD"), (7.5, "GOOD")],
        [(None, "FAULT"), (None, "FAULT"), (None, "FAULT")],
    ]


async def test_not_a_number_in_a_known_layout_is_no_value(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    await driver.read(endpoint, POINTS)
    device.values[ObjectId(0, 2)] = (bytes.fromhex("447f800000"), GOOD)  # infinite
    readings = await driver.read(endpoint, POINTS)
    assert (readings[1].value, readings[1].quality) == (None, Quality.FAULT)
    assert readings[2].value == 2.0


async def test_flags_become_qualities(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    for number, flags in enumerate(([1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 1, 1])):
        bits = tags.encode_bit_string([bool(bit) for bit in flags])
        device.values[ObjectId(0, number + 1)] = (tags.encode_real(1.0), bits)
    for _ in range(2):
        readings = await driver.read(endpoint, POINTS[:4])
        assert [one.quality for one in readings] == [
            Quality.GOOD, Quality.OVERRIDDEN, Quality.OUT_OF_SERVICE, Quality.FAULT,
        ]  # fmt: skip


async def test_a_point_in_fault_is_asked_why(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    for number in (3, 4):
        device.values[ObjectId(0, number)] = (tags.encode_real(99.0), FAULT)
    device.reliability[ObjectId(0, 3)] = 2  # over-range
    readings = await driver.read(endpoint, POINTS[:4])
    assert [one.quality for one in readings] == [
        Quality.GOOD, Quality.GOOD, Quality.OUT_OF_RANGE, Quality.FAULT,
    ]  # fmt: skip


async def test_a_point_that_is_not_there(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    del device.values[ObjectId(0, 7)]
    for _ in range(2):
        readings = await driver.read(endpoint, POINTS)
        assert [one.address for one in readings if one.quality is not Quality.GOOD] == [POINTS[6]]
        assert readings[6].quality is Quality.CONFIG


async def test_who_refuses_a_whole_request_for_one_point_is_asked_in_pieces(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    del device.values[ObjectId(0, 7)]

    def strict(request: apdu.ConfirmedRequest) -> Answer:
        wanted = services.decode_read_property_multiple(request.data)
        if all(identifier in device.values for identifier, _ in wanted):
            return device.truth(request)
        return apdu.error(request.invoke_id, request.service, *UNKNOWN_OBJECT)

    device.answer = strict
    readings = await driver.read(endpoint, POINTS)
    assert [one.address for one in readings if one.quality is not Quality.GOOD] == [POINTS[6]]
    assert [one.address for one in readings] == POINTS
    device.asked.clear()
    again = await driver.read(endpoint, POINTS)
    assert len(again) == 40
    assert len(device.asked) <= 7  # the pieces are known now
    assert driver.profile(endpoint) == Profile(max_apdu=1476)


async def test_a_device_that_refused_everything_is_asked_as_a_whole_again(setup: Setup) -> None:
    """As one does that is starting: it must not be asked point by point from then on."""
    driver, endpoint, device = await setup()
    await driver.read(endpoint, POINTS)
    device.answer = lambda request: apdu.error(request.invoke_id, request.service, 0, 25)
    readings = await driver.read(endpoint, POINTS)
    assert {one.quality for one in readings} == {Quality.FAULT}
    device.answer = device.truth
    await driver.read(endpoint, POINTS)
    device.asked.clear()
    readings = await driver.read(endpoint, POINTS)
    assert {one.quality for one in readings} == {Quality.GOOD}
    assert device.sizes == [40]


async def test_replies_that_are_too_long_are_learnt(setup: Setup) -> None:
    driver, endpoint, device = await setup()

    def small(request: apdu.ConfirmedRequest) -> Answer:
        answer = device.truth(request)
        assert answer is not None
        return answer if len(answer) <= 300 else apdu.abort(request.invoke_id, 4)

    device.answer = small
    readings = await driver.read(endpoint, POINTS)
    assert [one.value for one in readings] == [float(number) for number in range(40)]
    limit = driver.profile(endpoint).reply_limit
    assert limit is not None
    assert limit <= 300
    device.asked.clear()
    await driver.read(endpoint, POINTS)
    assert max(device.sizes) <= 300 // 23
    assert len(device.asked) == -(-40 // ((limit - 3) // 23))


async def test_long_replies_that_never_come_are_learnt(setup: Setup) -> None:
    """A way that loses long packets, as some VPNs do: it takes three reads to be sure."""
    driver, endpoint, device = await setup(timeout=0.5, retries=0)

    def small(request: apdu.ConfirmedRequest) -> Answer:
        answer = device.truth(request)
        return answer if answer is not None and len(answer) <= 500 else None

    await driver.read(endpoint, POINTS)
    device.answer = small
    limits = []
    for _ in range(4):
        readings = await driver.read(endpoint, POINTS)  # at first from the other port, in halves
        assert [one.value for one in readings] == [float(number) for number in range(40)]
        limits.append(driver.profile(endpoint).reply_limit)
    assert limits[:2] == [None, None]
    assert driver.profile(endpoint).path is Path.POLLING
    limit = driver.profile(endpoint).reply_limit
    assert limit is not None
    assert limit <= 500


async def test_who_answers_in_segments_is_asked_for_less(setup: Setup) -> None:
    """We take none, and say so in the request."""
    driver, endpoint, device = await setup()

    def segments(request: apdu.ConfirmedRequest) -> Answer:
        if len(services.decode_read_property_multiple(request.data)) > 20:
            return bytes([0x3C, request.invoke_id, 0, 1, request.service]) + b"\x0c\x00"
        return device.truth(request)

    device.answer = segments
    assert len(await driver.read(endpoint, POINTS)) == 40
    assert driver.profile(endpoint).reply_limit is not None


@pytest.mark.parametrize("reason", [1, 9], ids=["reject-buffer-overflow", "unrecognized-service"])
async def test_who_has_no_read_property_multiple(setup: Setup, reason: int) -> None:
    driver, endpoint, device = await setup()

    def only_singles(request: apdu.ConfirmedRequest) -> Answer:
        if request.service == apdu.READ_PROPERTY_MULTIPLE:
            return apdu.reject(request.invoke_id, reason)
        return device.truth(request)

    device.answer = only_singles
    del device.values[ObjectId(0, 3)]
    readings = await driver.read(endpoint, POINTS[:5])
    assert [one.value for one in readings] == [0.0, 1.0, None, 3.0, 4.0]
    assert readings[2].quality is Quality.CONFIG
    assert not driver.profile(endpoint).has_rpm


async def test_a_pinned_profile_is_obeyed(setup: Setup) -> None:
    pinned = Profile(max_apdu=1476, reply_limit=120, pinned=True)
    driver, endpoint, device = await setup(pinned)
    await driver.read(endpoint, POINTS)
    assert device.sizes == [5] * 8
    device.answer = lambda request: apdu.abort(request.invoke_id, 4)
    readings = await driver.read(endpoint, POINTS[:2])
    assert {one.quality for one in readings} == {Quality.FAULT}
    assert driver.profile(endpoint) == pinned


async def test_a_wider_window_has_more_in_flight(setup: Setup) -> None:
    driver, endpoint, device = await setup(Profile(max_apdu=206, window=4))
    held: list[apdu.ConfirmedRequest] = []

    def hold(request: apdu.ConfirmedRequest) -> list[bytes]:
        held.append(request)
        if len(held) < 4:
            return []
        answers = [device.truth(one) for one in reversed(held)]
        held.clear()
        return [one for one in answers if one is not None]

    device.answer = hold
    readings = await driver.read(endpoint, POINTS[:32])  # eight to a request
    assert [one.value for one in readings] == [float(number) for number in range(32)]


async def test_another_device_at_the_address_is_not_taken_for_it(setup: Setup) -> None:
    """One that was put in its place, or got its address, while it was silent."""
    driver, endpoint, device = await setup(timeout=0.5, retries=0)
    await driver.read(endpoint, POINTS)
    device.answer = lambda _: None
    with pytest.raises(Timeout):
        await driver.read(endpoint, POINTS)
    device.answer, device.instance = device.truth, 52
    for _ in range(2):
        with pytest.raises(Unreachable, match="another device answers here, not device 51"):
            await driver.read(endpoint, POINTS)
    device.instance = 51
    assert len(await driver.read(endpoint, POINTS)) == 40


async def test_a_late_answer_is_nobodys(setup: Setup) -> None:
    """It comes when the next request waits, and belongs to the one before."""
    driver, endpoint, device = await setup(Profile(max_apdu=206))
    earlier: list[bytes] = []

    def late(request: apdu.ConfirmedRequest) -> list[bytes]:
        truth = device.truth(request)
        assert truth is not None
        answers = [*earlier, truth]
        earlier[:] = [truth]
        return answers

    device.answer = late
    readings = await driver.read(endpoint, POINTS)
    assert [one.value for one in readings] == [float(number) for number in range(40)]


async def test_an_answer_to_another_service_is_nobodys(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    device.answer = lambda request: [
        apdu.complex_ack(request.invoke_id, apdu.READ_PROPERTY, b"\x0c"),
        apdu.simple_ack((request.invoke_id + 1) % 256, request.service),
        device.truth(request) or b"",
    ]
    readings = await driver.read(endpoint, POINTS)
    assert {one.quality for one in readings} == {Quality.GOOD}


async def test_a_lost_request_is_sent_again_with_another_id(setup: Setup) -> None:
    driver, endpoint, device = await setup(timeout=0.5)
    await driver.read(endpoint, POINTS[:1])
    device.asked.clear()
    device.answer = lambda request: device.truth(request) if len(device.asked) > 1 else None
    (reading,) = await driver.read(endpoint, POINTS[:1])
    assert reading.quality is Quality.GOOD
    first, second = device.asked
    assert first.invoke_id != second.invoke_id


async def test_who_is_busy_is_asked_later(setup: Setup) -> None:
    driver, endpoint, device = await setup()
    device.answer = lambda request: apdu.abort(request.invoke_id, 9)  # out of resources
    with pytest.raises(Busy):
        await driver.read(endpoint, POINTS)


async def test_who_answers_the_main_port_only_is_polled_from_there(setup: Setup) -> None:
    driver, endpoint, device = await setup(timeout=0.5)
    device.only_port = driver.settings.port
    readings = await driver.read(endpoint, POINTS)
    assert [one.value for one in readings] == [float(number) for number in range(40)]
    assert driver.profile(endpoint).path is Path.MAIN
    device.asked.clear()
    await driver.read(endpoint, POINTS)
    assert {port for _, port in device.sources} == {driver.settings.port}


async def test_who_answers_no_more_but_the_main_port_is_found_out(setup: Setup) -> None:
    driver, endpoint, device = await setup(timeout=0.5)
    await driver.read(endpoint, POINTS)
    device.only_port = driver.settings.port
    with pytest.raises(Timeout):
        await driver.read(endpoint, POINTS)
    assert len(await driver.read(endpoint, POINTS)) == 40
    assert driver.profile(endpoint).path is Path.MAIN


async def test_values_count_also_where_their_reasons_are_not_told(setup: Setup) -> None:
    driver, endpoint, device = await setup(timeout=0.5)
    device.values[ObjectId(0, 3)] = (tags.encode_real(99.0), FAULT)
    device.answer = lambda request: device.truth(request) if len(device.asked) == 1 else None
    readings = await driver.read(endpoint, POINTS)
    assert (readings[2].value, readings[2].quality) == (99.0, Quality.FAULT)
    assert readings[3].quality is Quality.GOOD


async def test_what_only_bacpypes3_understands_is_left_to_it(setup: Setup) -> None:
    """ReadPropertyMultiple in a way that is no BACnet, ReadProperty as it should be."""
    driver, endpoint, device = await setup()

    def odd(request: apdu.ConfirmedRequest) -> Answer:
        if request.service == apdu.READ_PROPERTY:
            return device.truth(request)
        return apdu.complex_ack(request.invoke_id, request.service, b"\x0c\x00")

    device.answer = odd
    readings = await driver.read(endpoint, POINTS[:3])
    assert [one.value for one in readings] == [0.0, 1.0, 2.0]


kinds = st.sampled_from(
    ["analog-input", "analog-value", "binary-output", "multi-state-value", "accumulator"]
)
errors = st.builds(PropertyError, st.just(2), st.sampled_from([0, 31, 32, 27, 47]))
bits = st.lists(st.booleans(), min_size=4, max_size=4).map(tags.encode_bit_string)


@st.composite
def told_points(draw: st.DrawFn) -> tuple[PointAddress, bytes | PropertyError, Any]:
    """What a device tells of a point: a value of its type or an error, flags or an error."""
    point = PointAddress(draw(kinds), draw(st.integers(0, 4194302)))
    if point.object_type.startswith("analog"):
        value = tags.encode_real(draw(st.floats(width=32)))
    elif point.object_type.startswith("binary"):
        value = tags.encode_enumerated(draw(st.integers(0, 1)))
    else:
        value = tags.encode_unsigned(draw(st.integers(0, 2**32 - 1)))
    return point, draw(st.just(value) | errors), draw(bits | errors)


@given(st.lists(told_points(), min_size=1, max_size=20, unique_by=lambda one: one[0]))
@settings(max_examples=500, deadline=None)
def test_readings_are_what_bacpypes3_would_make_of_the_reply(told: Any) -> None:
    """First tag by tag, then by the layout."""
    points = [point for point, _, _ in told]
    reply = services.encode_results(
        (object_id(point), [(PropertyRef(VALUE), value), (PropertyRef(FLAGS), flags)])
        for point, value, flags in told
    )
    batch = live.Batch(points, [])
    now = datetime.now(UTC)
    expected = _by_bacpypes3(points, reply, now)
    assert live._readings(batch, reply, now) == expected
    assert live._readings(batch, reply, now) == expected


def _by_bacpypes3(points: list[PointAddress], reply: bytes, now: datetime) -> list[Reading]:
    apdu_octets = apdu.complex_ack(1, apdu.READ_PROPERTY_MULTIPLE, reply)
    ack = ReadPropertyMultipleACK.decode(APDU.decode(PDU(apdu_octets)))
    values: dict[PropertyKey, Any] = {}
    for result in ack.listOfReadAccessResults:
        kind, number = result.objectIdentifier
        for one in result.listOfResults:
            name = str(one.propertyIdentifier)
            key = PropertyKey(PointAddress(str(kind), number), name)
            wanted = STANDARD_OBJECTS.get_object_class(kind).get_property_type(name)
            found = one.readResult.propertyAccessError
            if found is None:
                found = one.readResult.propertyValue.cast_out(wanted)
            values[key] = _property(found, Endpoint("", 1), key)
    return [reading_of(point, values, now) for point in points]


async def test_no_more_is_in_flight_than_the_buffer_holds(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers may come all at once: what waits for them has room for all."""
    monkeypatch.setattr(poller, "RECEIVE_BUFFER", 8192)
    driver, endpoint, device = await setup(Profile(max_apdu=1476, window=40), timeout=5.0)
    points = [PointAddress("analog-input", number) for number in range(1, 641)]
    device.values = {object_id(point): (tags.encode_real(1.0), GOOD) for point in points}
    held: list[apdu.ConfirmedRequest] = []

    def hold(request: apdu.ConfirmedRequest) -> list[bytes]:
        held.append(request)
        asyncio.get_running_loop().call_later(0.05, answer_all)
        return []

    most = 0

    def answer_all() -> None:
        nonlocal most
        most = max(most, len(held))
        while held:
            one = held.pop()
            device.transport.sendto(frames.wrap(device.truth(one) or b""), *device.sources)

    device.answer = hold
    readings = await driver.read(endpoint, points)
    assert len(readings) == 640
    assert 1 <= most <= 8192 // 1476


async def test_nobody_there_costs_a_time_out_and_one_to_be_sure(setup: Setup) -> None:
    driver, endpoint, device = await setup(timeout=0.1, retries=0)
    await driver.read(endpoint, POINTS[:1])
    device.asked.clear()
    device.answer = lambda _: None
    with pytest.raises(Timeout):
        await driver.read(endpoint, POINTS * 10)
    assert len(device.asked) == 2


async def test_closing_ends_what_waits(setup: Setup) -> None:
    driver, endpoint, device = await setup(timeout=30.0)
    await driver.read(endpoint, POINTS[:1])
    asked = asyncio.Event()

    def silent(_: apdu.ConfirmedRequest) -> None:
        asked.set()

    device.answer = silent
    reading = asyncio.create_task(driver.read(endpoint, POINTS))
    await asked.wait()
    await driver.disconnect()
    with pytest.raises(Unreachable, match="closed"):
        await reading
