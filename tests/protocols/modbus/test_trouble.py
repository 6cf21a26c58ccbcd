"""What goes wrong between us and a device: nothing is written twice, nothing is mistaken, nothing
crashes."""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import (
    BadPoint,
    Busy,
    CodecError,
    ProtocolError,
    Refused,
    Timeout,
    Unreachable,
)
from protocols.modbus.driver import ModbusDriver
from protocols.simulator.spec import DeviceSpec
from protocols.types import Endpoint, NetworkSettings, PointAddress, Quality
from tests.protocols.modbus.installed import UNIT
from tests.protocols.modbus.relay import Relay, exception, function, unit, untouched
from tests.searching import devices_found

ROOM = PointAddress("input", 1)
SETPOINT = PointAddress("variable", 1)


def behind(relay: Relay) -> Endpoint:
    return Endpoint(relay.address, UNIT)


async def silence(request: bytes, reply: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("lost", [6, 16])
async def test_a_write_goes_out_once_even_when_its_reply_is_lost(
    hasty: ModbusDriver, relay: Relay, written: Callable[[], list[str]], lost: int
) -> None:
    async def lose(request: bytes, reply: bytes) -> bytes:
        return b"" if function(request) == lost else reply

    relay.on_reply = lose
    with pytest.raises(Timeout) as caught:
        await hasty.write(behind(relay), SETPOINT, 25.0)
    assert caught.value.point == SETPOINT
    sent = ["06 8348 1", "16 8092 0 25000"][: 1 if lost == 6 else 2]
    assert written() == sent
    assert len(relay.of(lost)) == 1
    # The proof of what became of it: the device acted all the same.
    held = await hasty.read_held(behind(relay), SETPOINT)
    assert held.slots == {8: 21.5 if lost == 6 else 25.0}
    assert written() == sent


async def test_a_device_that_does_not_answer_is_not_written_to(
    hasty: ModbusDriver, relay: Relay, written: Callable[[], list[str]]
) -> None:
    relay.on_reply = silence
    with pytest.raises(Unreachable, match="nothing was written: no answer"):
        await hasty.write(behind(relay), SETPOINT, 25.0)
    assert written() == []


async def test_a_connection_that_is_lost_between_mode_and_value_leaves_it_in_doubt(
    driver: ModbusDriver, relay: Relay, written: Callable[[], list[str]]
) -> None:
    async def hang_up(request: bytes, reply: bytes) -> bytes:
        if function(request) == 16:
            raise ConnectionResetError
        return reply

    relay.on_reply = hang_up
    with pytest.raises(Timeout, match="closed the connection before it answered"):
        await driver.write(behind(relay), SETPOINT, 25.0)
    assert written() == ["06 8348 1", "16 8092 0 25000"]
    assert (len(relay.of(6)), len(relay.of(16))) == (1, 1)


async def test_a_value_that_is_refused_after_the_mode_was_set_leaves_it_in_doubt(
    driver: ModbusDriver, relay: Relay
) -> None:
    async def refuse_values(request: bytes, reply: bytes) -> bytes:
        return exception(request, 3) if function(request) == 16 else reply

    relay.on_reply = refuse_values
    with pytest.raises(Timeout, match="does not take this value"):
        await driver.write(behind(relay), SETPOINT, 25.0)
    with pytest.raises(Refused, match="does not take this value"):  # in manual by now
        await driver.write(behind(relay), SETPOINT, 25.0)


async def test_a_late_reply_is_not_taken_for_the_next_requests(
    hasty: ModbusDriver, relay: Relay
) -> None:
    """Even if the device numbers its replies wrongly: each gets the number 0 here, which pymodbus
    takes for any."""
    held_back = asyncio.Event()
    slow = True

    async def delay(request: bytes, reply: bytes) -> bytes:
        nonlocal slow
        if slow and len(relay.requests) > 1:  # the first read of values, after the identity
            slow = False
            await held_back.wait()
        return b"\0\0" + reply[2:]

    relay.on_reply = delay
    (first,) = await hasty.read(behind(relay), [SETPOINT])  # its second try
    assert (first.value, relay.connections) == (21.5, 2)
    held_back.set()  # now the late one is sent, to the connection that is gone
    (second,) = await hasty.read(behind(relay), [ROOM])
    assert (second.value, second.quality) == (23.456, Quality.GOOD)
    assert relay.connections == 2


async def test_reads_are_tried_again_as_often_as_the_settings_say(
    hasty: ModbusDriver, relay: Relay
) -> None:
    relay.on_reply = silence
    with pytest.raises(Timeout):
        await hasty.read(behind(relay), [ROOM])
    assert (len(relay.of(3)), relay.connections) == (2, 2)


async def test_a_lost_connection_is_opened_again(hasty: ModbusDriver, relay: Relay) -> None:
    async def hang_up(request: bytes, reply: bytes) -> bytes:
        if relay.connections == 1 and len(relay.requests) == 2:
            raise ConnectionResetError
        return reply

    relay.on_reply = hang_up
    (reading,) = await hasty.read(behind(relay), [ROOM])
    assert (reading.value, relay.connections) == (23.456, 2)


async def test_a_connection_is_kept_for_all_units_behind_it(
    driver: ModbusDriver, relay: Relay
) -> None:
    gathered = await asyncio.gather(*(driver.read(behind(relay), [ROOM]) for _ in range(5)))
    await driver.read(Endpoint(relay.address, 255), [ROOM])
    assert [reading.value for (reading,) in gathered] == [23.456] * 5
    assert relay.connections == 1


async def test_a_write_waits_for_one_request_not_for_a_whole_poll(
    driver: ModbusDriver, relay: Relay
) -> None:
    everything = [PointAddress("variable", number) for number in range(1, 129)]
    await driver.read(behind(relay), [ROOM])  # connected, identified
    order: list[int] = []
    begun = asyncio.Event()

    async def note(request: bytes, reply: bytes) -> bytes:
        order.append(function(request))
        begun.set()
        return reply

    relay.on_reply = note
    poll = asyncio.create_task(driver.read(behind(relay), everything))
    await begun.wait()
    await driver.write(behind(relay), SETPOINT, 20.0)
    assert not poll.done()
    await poll
    assert order.index(16) < len(order) - 1


async def test_a_command_and_its_proof_do_not_wait_for_the_polls_of_other_units(
    driver: ModbusDriver, relay: Relay
) -> None:
    """The panel answers as unit 255, too."""
    other = Endpoint(relay.address, 255)
    for endpoint in (other, behind(relay)):
        await driver.read(endpoint, [ROOM])  # connected, identified
    relay.requests.clear()
    begun, all_wait = asyncio.Event(), asyncio.Event()

    async def hold(request: bytes, reply: bytes) -> bytes:
        begun.set()
        await all_wait.wait()
        return reply

    async def command() -> None:
        await driver.write(behind(relay), SETPOINT, 20.0)
        await driver.read_held(behind(relay), SETPOINT)

    relay.on_reply = hold
    polls = [asyncio.create_task(driver.read(other, [ROOM, SETPOINT])) for _ in range(5)]
    await begun.wait()
    commanding = asyncio.create_task(command())
    await asyncio.sleep(0)  # its first request waits, behind those of the polls
    all_wait.set()
    await asyncio.gather(commanding, *polls)
    asked = [unit(request) for request in relay.requests]
    ours = asked.count(UNIT)
    assert asked[: ours + 1] == [255] + [UNIT] * ours


async def test_a_cancelled_read_leaves_nothing_to_mistake(
    driver: ModbusDriver, relay: Relay
) -> None:
    asked = asyncio.Event()

    async def take(request: bytes, reply: bytes) -> bytes:
        asked.set()
        return b""

    relay.on_reply = take
    reading = asyncio.create_task(driver.read(behind(relay), [SETPOINT]))
    await asked.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    relay.on_reply = untouched
    (room,) = await driver.read(behind(relay), [ROOM])
    assert (room.value, relay.connections) == (23.456, 2)


ANOTHER = "serial 5678, not 1234; search for devices again"


@pytest.mark.parametrize("retries", [0, 2])
async def test_another_panel_at_the_address_is_neither_read_nor_written_until_it_is_searched_for(
    simulate: Callable,
    panel_spec: DeviceSpec,
    endpoint: Endpoint,
    written: Callable[[], list[str]],
    retries: int,
) -> None:
    first = simulate(replace(panel_spec, serial=1234))
    settings = NetworkSettings("127.0.0.1/8", panel_spec.port, (panel_spec.place,), 20.0, retries)
    driver = ModbusDriver(settings)
    await driver.connect()
    assert (await driver.read(endpoint, [ROOM]))[0].quality is Quality.GOOD
    first.stop()
    simulate(replace(panel_spec, serial=5678))
    # With nothing to tell us: the first request finds the connection lost.
    with pytest.raises(Unreachable if retries else (Timeout, Unreachable)):
        await driver.read(endpoint, [ROOM])
    for attempt in (
        driver.read(endpoint, [ROOM]),
        driver.read(endpoint, []),
        driver.read_held(endpoint, SETPOINT),
    ):
        with pytest.raises(Unreachable, match=ANOTHER):
            await attempt
    with pytest.raises(Refused, match=ANOTHER) as caught:
        await driver.write(endpoint, SETPOINT, 25.0)
    assert (caught.value.endpoint, caught.value.point) == (endpoint, SETPOINT)
    await driver.disconnect()  # what is known of the devices is known beyond it
    await driver.connect()
    with pytest.raises(Refused, match=ANOTHER):
        await driver.write(endpoint, SETPOINT, None)
    assert written() == []
    (found,) = await devices_found(driver)
    assert (found.info.endpoint, found.problem) == (endpoint, "")
    await driver.write(endpoint, SETPOINT, 25.0)
    assert (await driver.read(endpoint, [SETPOINT]))[0].value == 25.0
    await driver.disconnect()


async def test_the_same_panel_is_taken_for_itself_after_its_restart(
    simulate: Callable, panel_spec: DeviceSpec, endpoint: Endpoint
) -> None:
    first = simulate(panel_spec)
    driver = ModbusDriver(NetworkSettings("127.0.0.1/8", panel_spec.port, timeout=20.0, retries=1))
    await driver.connect()
    await driver.read(endpoint, [ROOM])
    first.stop()
    simulate(panel_spec)
    assert (await driver.read(endpoint, [ROOM]))[0].value == 23.456
    await driver.write(endpoint, SETPOINT, 25.0)
    await driver.disconnect()


async def test_a_write_does_not_follow_the_connection_to_another_device(
    driver: ModbusDriver, relay: Relay, written: Callable[[], list[str]]
) -> None:
    """A poll opens the connection again between the last question and the write."""
    await driver.read(behind(relay), [ROOM])
    connection = driver._connection(behind(relay))
    session = connection.sessions
    connection._drop()
    await driver.read(behind(relay), [ROOM])
    with pytest.raises(Unreachable, match="lost before this was sent"):
        await connection.write_register(behind(relay), 8348, 1, session=session)
    assert written() == []


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (1, Refused, "does not know this function"),
        (2, BadPoint, "does not have these registers"),
        (3, Refused, "does not take this value"),
        (4, Refused, "failed"),
        (5, Timeout, "needs more time"),
        (6, Busy, "busy"),
        (10, Unreachable, "no way to the device"),
        (11, Timeout, "the gateway answers, the device behind it does not"),
        (99, Refused, "Modbus exception 99"),
    ],
)
async def test_an_exception_to_a_write_is_told_in_plain_words(
    driver: ModbusDriver, relay: Relay, code: int, error: type[ProtocolError], words: str
) -> None:
    async def refuse(request: bytes, reply: bytes) -> bytes:
        return reply if function(request) == 3 else exception(request, code)

    relay.on_reply = refuse
    with pytest.raises(error, match=words) as caught:
        await driver.write(behind(relay), SETPOINT, 20.0)
    assert (caught.value.point, caught.value.endpoint) == (SETPOINT, behind(relay))


@pytest.mark.parametrize(
    ("code", "error"), [(5, Busy), (6, Busy), (10, Unreachable), (11, Unreachable)]
)
async def test_an_exception_to_a_read_is_an_error_to_try_again(
    driver: ModbusDriver, relay: Relay, code: int, error: type[ProtocolError]
) -> None:
    async def refuse(request: bytes, reply: bytes) -> bytes:
        return exception(request, code)

    relay.on_reply = refuse
    with pytest.raises(error) as caught:
        await driver.read(behind(relay), [ROOM])
    assert caught.value.retryable
    with pytest.raises(Unreachable if error is Unreachable else Busy):
        await driver.write(behind(relay), SETPOINT, 20.0)


@pytest.mark.parametrize(("code", "quality"), [(2, Quality.CONFIG), (4, Quality.FAULT)])
async def test_registers_that_are_refused_are_a_quality(
    driver: ModbusDriver, relay: Relay, code: int, quality: Quality
) -> None:
    async def refuse_variables(request: bytes, reply: bytes) -> bytes:
        (first,) = struct.unpack_from(">H", request, 8)
        return exception(request, code) if first >= 8092 else reply

    relay.on_reply = refuse_variables
    room, setpoint = await driver.read(behind(relay), [ROOM, SETPOINT])
    assert (room.value, room.quality) == (23.456, Quality.GOOD)
    assert (setpoint.value, setpoint.quality) == (None, quality)
    with pytest.raises((BadPoint, Refused)):
        await driver.read_held(behind(relay), SETPOINT)


async def test_a_device_that_stops_midway_is_found_with_its_problem(relay: Relay) -> None:
    async def fall_silent(request: bytes, reply: bytes) -> bytes:
        return reply if len(relay.requests) <= 3 else b""

    relay.on_reply = fall_silent
    settings = NetworkSettings("127.0.0.1/8", 502, (relay.address,), timeout=1.0, retries=0)
    driver = ModbusDriver(settings)
    await driver.connect()
    (found,) = await devices_found(driver)
    await driver.disconnect()
    assert (found.info.endpoint, found.points) == (behind(relay), ())
    assert found.problem == "no answer"


ODD = {
    "short": lambda reply: reply[:4] + struct.pack(">H", 4) + reply[6:8] + b"\x02\x00",
    "fewer registers": lambda reply: reply[:4] + b"\x00\x05" + reply[6:8] + b"\x02\x00\x07",
    "another function": lambda reply: reply[:7] + b"\x06" + reply[8:],
    "unknown function": lambda reply: reply[:7] + b"\x55" + reply[8:],
    "odd bytes": lambda reply: reply[:8] + b"\x11" + reply[9:],
}


@pytest.mark.parametrize("spoil", ODD.values(), ids=ODD)
async def test_an_odd_reply_is_an_error_and_the_next_is_read(
    driver: ModbusDriver, relay: Relay, spoil: Callable[[bytes], bytes]
) -> None:
    async def spoil_one(request: bytes, reply: bytes) -> bytes:
        return spoil(reply) if len(relay.requests) == 1 else reply

    relay.on_reply = spoil_one
    with pytest.raises(CodecError):
        await driver.read(behind(relay), [ROOM])
    (reading,) = await driver.read(behind(relay), [ROOM])
    assert reading.value == 23.456


async def test_another_confirmation_than_that_of_the_write_leaves_it_in_doubt(
    driver: ModbusDriver, relay: Relay
) -> None:
    async def confirm_another(request: bytes, reply: bytes) -> bytes:
        return reply[:8] + b"\x00\x01" + reply[10:] if function(request) == 16 else reply

    relay.on_reply = confirm_another
    with pytest.raises(Timeout, match="confirmed"):
        await driver.write(behind(relay), SETPOINT, 20.0)


@given(st.binary(max_size=300))
def test_whatever_is_answered_is_an_error_of_the_tree(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.read(1024)
        # The header fits, so that the bytes reach the decoder.
        writer.write(request[:4] + struct.pack(">HB", 1 + len(answer), request[6]) + answer)
        await writer.drain()
        writer.close()

    async def ask() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        driver = ModbusDriver(NetworkSettings("127.0.0.1/8", 502, timeout=20.0, retries=0))
        await driver.connect()
        try:
            with pytest.raises(ProtocolError):
                await driver.read(Endpoint(f"{host}:{port}", UNIT), [ROOM])
        finally:
            await driver.disconnect()
            server.close()
            await server.wait_closed()

    asyncio.run(ask())
