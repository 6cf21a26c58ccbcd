"""Writes to devices with the ways of real ones, each sent once."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from bacpypes3.apdu import WritePropertyMultipleRequest, WritePropertyRequest

from protocols.bacnet.driver import BacnetDriver
from protocols.errors import BadPoint, CodecError, Refused, Timeout, Unreachable
from protocols.simulator.faults import Faults
from protocols.simulator.flat import flat_device, varied_points
from protocols.types import Endpoint, PointAddress, PointWrite, Quality
from tests.searching import devices_found

OUTPUTS = [PointAddress("analog-output", number) for number in range(1, 7)]
INPUT = PointAddress("analog-input", 1)


@dataclass
class Plant:
    """A driver with one device; `asked` are the requests for writes, by the points in them."""

    driver: BacnetDriver
    endpoint: Endpoint
    asked: list[list[str]]


@pytest.fixture
def plant(simulate: Callable, free_port: Callable, open_driver: Callable) -> Callable[..., Plant]:
    async def make(points: object = 24, **ways: object) -> Plant:
        port = free_port()
        simulate(flat_device("Panel", 47, "127.0.0.47", port, points, **ways))
        driver = await open_driver(port)
        asked: list[list[str]] = []
        application = driver._application
        request = application.request

        def remember(apdu: object) -> object:
            if isinstance(apdu, WritePropertyRequest):
                asked.append([str(apdu.objectIdentifier)])
            elif isinstance(apdu, WritePropertyMultipleRequest):
                specifications = apdu.listOfWriteAccessSpecs
                asked.append([str(one.objectIdentifier) for one in specifications])
            return request(apdu)

        application.request = remember
        return Plant(driver, Endpoint(f"127.0.0.47:{port}", 47), asked)

    return make


def writes(*values: float | None, priority: int = 8) -> list[PointWrite]:
    return [
        PointWrite(point, value, priority) for point, value in zip(OUTPUTS, values, strict=False)
    ]


async def slot(made: Plant, point: PointAddress, priority: int = 8) -> float | None:
    held = await made.driver.read_held(made.endpoint, point)
    assert held.slots is not None
    return held.slots.get(priority)


@pytest.mark.parametrize("max_apdu", [50, 206, 600])
async def test_the_priority_array_is_read_whatever_the_reply_length(
    max_apdu: int, plant: Callable
) -> None:
    made = await plant(4, max_apdu=max_apdu)
    await devices_found(made.driver)  # what it takes is known then
    point = OUTPUTS[0]
    await made.driver.write(made.endpoint, point, 7.0, priority=3)
    await made.driver.write(made.endpoint, point, 9.0, priority=8)
    held = await made.driver.read_held(made.endpoint, point)
    assert held.reading.value == 7.0
    assert held.relinquish_default is not None
    assert held.slots is not None
    assert {priority: held.slots[priority] for priority in (3, 8)} == {3: 7.0, 8: 9.0}


async def test_null_empties_the_slot_of_each_priority(plant: Callable) -> None:
    made = await plant(4)
    for priority in (one for one in range(1, 16) if one != 6):  # 16 is the device's own program's
        await made.driver.write(made.endpoint, OUTPUTS[0], 50.0 + priority, priority=priority)
        assert await slot(made, OUTPUTS[0], priority) == 50.0 + priority
        await made.driver.write(made.endpoint, OUTPUTS[0], None, priority=priority)
        assert await slot(made, OUTPUTS[0], priority) is None


@pytest.mark.parametrize("priority", [0, 6, 17])
async def test_some_priorities_nobody_writes(priority: int, plant: Callable) -> None:
    made = await plant(4)
    with pytest.raises(Refused, match=f"priority {priority} cannot be written"):
        await made.driver.write(made.endpoint, OUTPUTS[0], 1.0, priority=priority)
    assert made.asked == []


@pytest.mark.parametrize("ways", [{}, {"max_apdu": 50}, {"supports_rpm": False}], ids=str)
async def test_values_of_every_type_are_written_and_read_back(
    ways: dict[str, object], plant: Callable
) -> None:
    made = await plant(varied_points(20), **ways)
    await devices_found(made.driver)
    given = {"analog-output": 12.5, "analog-value": 13.5, "binary-output": 1.0}
    given |= {"binary-value": 1.0, "multi-state-value": 3.0}
    for name, value in given.items():
        point = PointAddress(name, 1)
        await made.driver.write(made.endpoint, point, value, priority=5)
        assert await slot(made, point, 5) == value


async def test_several_points_are_written_by_one_request(plant: Callable) -> None:
    made = await plant()
    ended = await made.driver.write_many(made.endpoint, writes(1, 2, 3, 4))
    assert ended == [None] * 4
    assert made.asked == [[f"analog-output,{number}" for number in (1, 2, 3, 4)]]
    assert [await slot(made, point) for point in OUTPUTS[:4]] == [1, 2, 3, 4]
    ended = await made.driver.write_many(made.endpoint, writes(None, 9, None))
    assert ended == [None] * 3
    assert [await slot(made, point) for point in OUTPUTS[:4]] == [None, 9, None, 4]


async def test_a_short_apdu_makes_more_requests(plant: Callable) -> None:
    made = await plant(max_apdu=50)
    await devices_found(made.driver)
    assert await made.driver.write_many(made.endpoint, writes(1, 2, 3, 4, 5)) == [None] * 5
    assert list(map(len, made.asked)) == [2, 2, 1]
    assert [await slot(made, point) for point in OUTPUTS[:5]] == [1, 2, 3, 4, 5]


async def test_what_stands_behind_a_refused_write_goes_out_in_a_further_request(
    plant: Callable,
) -> None:
    made = await plant()
    ended = await made.driver.write_many(made.endpoint, writes(1, 2, 500, 4, 5))
    assert [type(one) for one in ended] == [type(None)] * 2 + [Refused] + [type(None)] * 2
    assert ended[2].point == OUTPUTS[2]
    assert ended[2].message.startswith("the value is out of the range")
    assert made.asked == [[str(one) for one in OUTPUTS[:5]], [str(one) for one in OUTPUTS[3:5]]]
    assert [await slot(made, point) for point in OUTPUTS[:5]] == [1, 2, None, 4, 5]


async def test_a_point_that_is_not_there_stops_no_other(plant: Callable) -> None:
    made = await plant()
    asked = writes(1, 2, 3)
    asked[1] = PointWrite(PointAddress("analog-value", 999), 1.0, 8)
    ended = await made.driver.write_many(made.endpoint, asked)
    assert [type(one) for one in ended] == [type(None), BadPoint, type(None)]
    assert [await slot(made, OUTPUTS[place]) for place in (0, 2)] == [1, 3]


async def test_what_does_not_fit_is_left_out_before_anything_is_sent(plant: Callable) -> None:
    made = await plant(varied_points(20))
    points = [PointAddress(name, 1) for name in ("binary-output", "analog-output", "binary-value")]
    asked = [PointWrite(point, 0.5, 8) for point in points]
    ended = await made.driver.write_many(made.endpoint, asked)
    assert [type(one) for one in ended] == [CodecError, type(None), CodecError]
    assert made.asked == [["analog-output,1"]]


async def test_one_point_at_two_priorities_takes_two_requests(plant: Callable) -> None:
    made = await plant()
    asked = [PointWrite(OUTPUTS[0], 4.0, 8), PointWrite(OUTPUTS[0], 5.0, 9), *writes(0, 2, 3)[1:]]
    assert await made.driver.write_many(made.endpoint, asked) == [None] * 4
    assert list(map(len, made.asked)) == [1, 3]
    assert [await slot(made, OUTPUTS[0], priority) for priority in (8, 9)] == [4, 5]


@pytest.mark.parametrize("is_told", [False, True])
async def test_a_device_without_the_service_gets_them_one_by_one(
    plant: Callable, is_told: bool
) -> None:
    made = await plant(supports_wpm=False)
    if is_told:
        await devices_found(made.driver)
    for values in ((1, 2, 500, 4), (5, 6)):
        ended = await made.driver.write_many(made.endpoint, writes(*values))
        assert [one is None for one in ended] == [value != 500 for value in values]
    singles = [[str(one)] for one in (*OUTPUTS[:4], *OUTPUTS[:2])]
    rejected = [] if is_told else [[str(one) for one in OUTPUTS[:4]]]
    assert made.asked == rejected + singles
    assert [await slot(made, point) for point in OUTPUTS[:4]] == [5, 6, None, 4]


async def test_a_lost_answer_leaves_all_of_the_request_in_doubt_and_sends_no_more(
    plant: Callable,
) -> None:
    """The device writes, and nobody gets what it says."""
    made = await plant(max_apdu=50, faults=Faults(loses_replies=1.0))
    made.driver._profiles.tell(made.endpoint.address, 50)
    ended = await made.driver.write_many(made.endpoint, writes(1, 2, 3))
    assert [type(one) for one in ended] == [Timeout, Timeout, Unreachable]
    assert ended[2].message == "not sent: the write before it was not answered"
    assert [one.point for one in ended] == OUTPUTS[:3]
    assert made.asked == [[str(one) for one in OUTPUTS[:2]]]


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        # A Reject (buffer-overflow): nothing was written, and each is tried alone.
        (lambda invoke_id: bytes([0x60, invoke_id, 1]), [Refused, Refused]),
        # An Abort: whatever it did before.
        (lambda invoke_id: bytes([0x71, invoke_id, 9]), [Timeout, Timeout]),
        # The error of WritePropertyMultiple, of an object that was not in the request.
        (
            lambda invoke_id: (
                bytes([0x50, invoke_id, 16]) + bytes.fromhex("0e910291280f1e0c0080000919551f")
            ),
            [Timeout, Timeout],
        ),
        # An Error that does not say which: no answer that makes sense.
        (lambda invoke_id: bytes([0x50, invoke_id, 16, 0x91, 2, 0x91, 40]), [Timeout, Timeout]),
    ],
    ids=["reject", "abort", "another object", "plain error"],
)
async def test_what_an_odd_device_answers(
    answer: Callable[[int], bytes], kinds: list[type], free_port: Callable, open_driver: Callable
) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.48", port))
        device.setblocking(False)
        driver = await open_driver(port)
        heard: list[int] = []

        def reply() -> None:
            asked, whence = device.recvfrom(2000)
            heard.append(asked[9])  # the service, behind BVLC, NPCI and three octets of the APDU
            told = answer(asked[8]) if asked[9] == 16 else bytes([0x60, asked[8], 5])
            body = bytes([1, 0]) + told
            device.sendto(bytes([0x81, 0x0A]) + (4 + len(body)).to_bytes(2, "big") + body, whence)

        asyncio.get_running_loop().add_reader(device, reply)
        ended = await driver.write_many(Endpoint(f"127.0.0.48:{port}", 48), writes(1, 2))
        asyncio.get_running_loop().remove_reader(device)
    assert heard[0] == 16
    assert heard.count(16) == 1
    assert [type(one) for one in ended] == kinds


async def test_an_input_is_written_only_while_it_is_out_of_service(plant: Callable) -> None:
    made = await plant(8)
    with pytest.raises(Refused, match="does not let it be written"):
        await made.driver.write(made.endpoint, INPUT, 33.0, priority=8)
    await made.driver.switch_service(made.endpoint, INPUT, out=True)
    reading, is_out = await made.driver.read_service(made.endpoint, INPUT)
    assert (is_out, reading.quality) == (True, Quality.OUT_OF_SERVICE)
    await made.driver.write(made.endpoint, INPUT, 33.0, priority=8)
    held = await made.driver.read_held(made.endpoint, INPUT)
    assert (held.reading.value, held.slots) == (33.0, None)
    with pytest.raises(Refused, match="no priorities to release"):
        await made.driver.write(made.endpoint, INPUT, None)
    await made.driver.switch_service(made.endpoint, INPUT, out=False)
    reading, is_out = await made.driver.read_service(made.endpoint, INPUT)
    assert (is_out, reading.quality) == (False, Quality.GOOD)


async def test_a_device_that_does_not_tell_its_service_is_not_guessed_at(plant: Callable) -> None:
    made = await plant(8, faults=Faults(refuses=("out-of-service",)))
    reading, is_out = await made.driver.read_service(made.endpoint, INPUT)
    assert (reading.quality, is_out) == (Quality.GOOD, None)


async def test_an_output_goes_out_of_service_with_its_priorities(plant: Callable) -> None:
    made = await plant(8)
    await made.driver.switch_service(made.endpoint, OUTPUTS[0], out=True)
    await made.driver.write(made.endpoint, OUTPUTS[0], 44.0, priority=8)
    held = await made.driver.read_held(made.endpoint, OUTPUTS[0])
    assert held.reading.quality is Quality.OUT_OF_SERVICE
    assert held.slots is not None
    assert held.slots[8] == 44.0
