"""A simulated Modbus panel as pymodbus' own client and bare sockets see it."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from protocols.simulator.flat import flat_device
from protocols.simulator.modbus import PanelServer
from protocols.simulator.panel import Panel
from protocols.simulator.processes import SimulatedBuilding, StartError
from protocols.simulator.spec import DeviceSpec, ObjectType, Point, Protocol, Switch

UNIT = 7


@pytest.fixture
def spec(simulate: Callable, free_port: Callable[[], int], tmp_path: Path) -> DeviceSpec:
    log = str(tmp_path / "writes")
    made = flat_device(
        "Flat", UNIT, "127.0.0.51", free_port(), 12, protocol=Protocol.MODBUS, write_log=log
    )
    simulate(made)
    return made


@pytest.fixture
async def client(spec: DeviceSpec) -> AsyncIterator[AsyncModbusTcpClient]:
    made = AsyncModbusTcpClient(spec.address, port=spec.port, timeout=20, reconnect_delay=0)
    assert await made.connect()
    yield made
    made.close()


async def read(client: AsyncModbusTcpClient, first: int, count: int, unit: int = UNIT) -> list[int]:
    reply = await client.read_holding_registers(first, count=count, device_id=unit)
    assert not reply.isError()
    return list(reply.registers)


def written(spec: DeviceSpec) -> list[str]:
    return Path(spec.write_log).read_text().splitlines()


async def exchange(spec: DeviceSpec, packet: str) -> bytes:
    """All that comes back on a connection of its own."""
    reader, writer = await asyncio.open_connection(spec.address, spec.port)
    writer.write(bytes.fromhex(packet))
    writer.write_eof()
    received = await reader.read()
    writer.close()
    await writer.wait_closed()
    return received


async def test_identity_and_values_as_an_independent_client_reads_them(
    client: AsyncModbusTcpClient,
) -> None:
    identity = await read(client, 0, 9)
    assert identity[4:8] == [2, 66, UNIT, 88]
    assert all(byte < 256 for byte in identity[:4])
    assert await read(client, 6, 1, unit=255) == [UNIT]
    high, low = await read(client, 7484, 2)  # IN1
    assert 0 <= (high << 16 | low) <= 100_000
    assert await read(client, 7804, 2) == [0x0110, 0x0110]  # analog, 0 to 100 %
    assert await read(client, 100, 3) == [128, 64, 64]


async def test_blocks_are_the_packed_structs(client: AsyncModbusTcpClient) -> None:
    words = await read(client, 11472, 23)
    raw = struct.pack(">23H", *words)
    assert raw[:8] == b"Input 1\0"
    assert raw[21:25] == b"IN1\0"
    assert (raw[40], raw[45]) == (1, 16)
    assert (await read(client, 10000 + 23, 23))[0] == int.from_bytes(b"Ou", "big")
    panel_name = struct.pack(">2H", *await read(client, 9826, 2))
    assert panel_name == b"Flat"


async def test_a_write_is_seen_and_what_is_manual_is_left_alone_by_the_program(
    client: AsyncModbusTcpClient, spec: DeviceSpec
) -> None:
    assert not (await client.write_register(8348, 1, device_id=UNIT)).isError()
    reply = await client.write_registers(8092, [0xFFFF, 0xEB7E], device_id=UNIT)
    assert (reply.address, reply.count) == (8092, 2)
    assert await read(client, 8092, 2) == [0xFFFF, 0xEB7E]  # -5.250
    assert written(spec) == ["06 8348 1", "16 8092 65535 60286"]


async def test_unknown_registers_read_0_and_writes_to_them_are_echoed(
    client: AsyncModbusTcpClient,
) -> None:
    assert await read(client, 50000, 3) == [0, 0, 0]
    reply = await client.write_register(50000, 5, device_id=UNIT)
    assert (reply.address, list(reply.registers)) == (50000, [5])
    assert await read(client, 50000, 1) == [0]


@pytest.mark.parametrize(
    "packet",
    [
        *(f"0001 0000 0006 07 {function:02x} 0000 0001" for function in (1, 2, 4, 5, 15, 23, 43)),
        "0001 0000 0006 00 03 0000 0001",  # unit 0
        "0001 0000 0006 08 03 0000 0001",  # another unit
        "0001 0001 0006 07 03 0000 0001",  # another protocol than Modbus
        "0001 0000 0006 07 03 0000 0000",  # no register
        "0001 0000",
        "ee10 0000 0000 0000",
    ],
)
def test_what_the_panel_does_not_know_gets_no_reply_and_no_exception(packet: str) -> None:
    made = panel(SETPOINT)
    assert PanelServer(made.spec, made).answer(bytes.fromhex(packet)) == b""


async def test_the_server_is_silent_and_answers_in_its_turn(spec: DeviceSpec) -> None:
    assert await exchange(spec, "0001 0000 0006 07 04 0000 0001") == b""
    assert await exchange(spec, "0001 0000 0006 07 03 0006 0001") == bytes.fromhex(
        "0001 0000 0005 07 03 02 0007"
    )


async def test_a_read_of_more_than_127_registers_has_a_wrong_length_byte(spec: DeviceSpec) -> None:
    reply = await exchange(spec, "0001 0000 0006 07 03 c350 0082")
    assert len(reply) == 9 + 2 * 130
    assert reply[8] == 4


async def test_only_one_request_of_a_packet_is_answered(spec: DeviceSpec) -> None:
    one, two = "0001 0000 0006 07 03 0006 0001", "0002 0000 0006 07 03 0007 0001"
    assert await exchange(spec, one + two) == bytes.fromhex("0001 0000 0005 07 03 02 0007")


async def test_the_seventh_connection_is_closed_at_once(spec: DeviceSpec) -> None:
    streams = [await asyncio.open_connection(spec.address, spec.port) for _ in range(6)]
    for number, (reader, writer) in enumerate(streams):
        writer.write(struct.pack(">HHHBBHH", number, 0, 6, UNIT, 3, 6, 1))
        assert (await reader.readexactly(11))[:2] == struct.pack(">H", number)
    reader, seventh = await asyncio.open_connection(spec.address, spec.port)
    assert await reader.read() == b""
    for writer in (seventh, *(writer for _, writer in streams)):
        writer.close()
        await writer.wait_closed()


async def test_a_taken_address_is_told(spec: DeviceSpec) -> None:
    with pytest.raises(StartError, match="is taken by another program"):
        SimulatedBuilding([spec]).start()


def test_modbus_addresses_end_at_254() -> None:
    with pytest.raises(ValueError, match="go from 1 to 254, not 300"):
        flat_device("Flat", 300, "127.0.0.51", 1502, protocol=Protocol.MODBUS)


# The memory alone.


def panel(*points: Point) -> Panel:
    spec = flat_device("Flat", UNIT, "127.0.0.51", 1502, 1, protocol=Protocol.MODBUS)
    return Panel(
        DeviceSpec(
            name="Panel", instance=UNIT, address="127.0.0.51", port=1502, plant=spec.plant,
            points=points, protocol=Protocol.MODBUS,
        )
    )  # fmt: skip


VALVE = Point(ObjectType.ANALOG_OUTPUT, "VLV", "Valve", 30, units="percent")
LIGHT = Point(ObjectType.BINARY_OUTPUT, "LGT", "Light", 0, states=("Off", "On"))
SETPOINT = Point(ObjectType.ANALOG_VALUE, "SP", "Setpoint", 21, units="degrees-celsius")


def test_function_06_on_a_variable_damages_memory_and_not_the_variable() -> None:
    made = panel(SETPOINT)
    assert made.write_one(8093, 5) == "damaged memory"
    assert made.read(8092, 2) == [0, 21000]


def test_function_06_sets_an_output_by_its_low_word_only() -> None:
    made = panel(VALVE)
    made.write_one(7100, 1)
    assert made.read(7100, 2) == [0, 30000]
    made.write_one(7101, 45500)
    assert made.read(7100, 2) == [0, 45500]
    assert made.read(7356, 1) == [1]


def test_function_16_takes_exactly_one_value() -> None:
    made = panel(VALVE, replace(VALVE, label="VLV2", initial=10))
    for first, words in ((7100, [0, 1, 0, 2]), (7101, [0, 1]), (7100, [1])):
        assert made.write_many(first, words) == "not exactly one value"
    assert made.read(7100, 4) == [0, 30000, 0, 10000]


def test_function_16_takes_exactly_one_struct() -> None:
    made = panel(VALVE, LIGHT)
    item = made.read(10000, 23)
    assert made.write_many(10001, item) == made.write_many(10000, item[:22])
    assert made.write_many(10000 + 23, item) == ""
    assert made.read(7102, 2) == [0, 30000]  # the light is the valve's twin now


@pytest.mark.parametrize(
    ("switch", "value"),
    [(Switch.OFF, [0, 0]), (Switch.HAND, [1, 34464]), (Switch.AUTO, [0, 30000])],
)  # 100.000 is 1 * 65536 + 34464
def test_the_switch_at_the_panel_goes_before_all(switch: Switch, value: list[int]) -> None:
    made = panel(replace(VALVE, switch=switch))
    assert made.read(7228, 1) == [switch]
    made.command("VLV", 30)
    assert made.read(7100, 2) == value
    made.write_one(7356, 1)
    assert made.read(7356, 1) == [switch is Switch.AUTO]


def test_the_program_reaches_points_in_auto_only() -> None:
    made = panel(SETPOINT)
    made.write_many(8092, [0, 19000])
    made.command("SP", 22)
    assert made.commanded() == {"SP": 22}
    made.write_one(8348, 1)
    made.command("SP", 23)
    assert made.read(8092, 2) == [0, 22000]


def test_a_digital_point_in_a_turned_range_shows_the_turned_back_state() -> None:
    made = panel(LIGHT)
    made.write_many(7100, [0, 1])
    made.write_one(7292, 12)
    assert made.read(7100, 2) == [0, 0]  # the contact is still closed
    made.write_many(7100, [0, 1])
    assert made.outputs[0].control == 0
    assert made.read(7100, 2) == [0, 1]
