"""The fast responder, cross-checked by bacpypes3 as its client."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    ErrorRejectAbortNack,
    RejectPDU,
    WritePropertyRequest,
)
from bacpypes3.basetypes import ErrorType, PropertyIdentifier
from bacpypes3.constructeddata import Any as AnyValue
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import CharacterString, Null, ObjectIdentifier, Real

from protocols.bacnet.codec import apdu, frames, services
from protocols.bacnet.codec.names import ObjectId
from protocols.bacnet.codec.services import PropertyRef
from protocols.simulator.fast.catalogue import TICKS, Catalogue
from protocols.simulator.fast.device import FastDevice
from protocols.simulator.faults import Faults
from protocols.simulator.flat import flat_device, varied_points
from protocols.simulator.hosts import Crowd
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.spec import DeviceSpec, Point
from tests.ports import any_port

POINTS = varied_points(60)
FIRST = 3000
MUTE = 3003
POINT_PROPERTIES = ["object-name", "description", "present-value", "status-flags", "reliability"]


@pytest.fixture(scope="module")
def devices() -> Iterator[tuple[DeviceSpec, ...]]:
    port = any_port()
    specs = tuple(
        flat_device(
            f"Fast {number}",
            FIRST + number,
            f"127.1.2.{1 + number}",
            port,
            POINTS,
            max_apdu=480 if number == 2 else 1476,
            faults=Faults(loses_replies=1.0) if FIRST + number == MUTE else Faults(),
        )
        for number in range(4)
    )
    with SimulatedBuilding([Crowd(specs, is_fast=True)]):
        yield specs


def objects() -> dict[str, Point]:
    """The points by the objects that stand for them: each type counts from 1."""
    numbers: Counter[str] = Counter()
    found = {}
    for point in POINTS:
        numbers[point.type] += 1
        found[f"{point.type},{numbers[point.type]}"] = point
    return found


def test_the_points_are_of_all_types() -> None:
    kinds = Counter(point.type for point in POINTS)
    assert len(kinds) == 8
    assert max(kinds, key=lambda kind: kinds[kind]) == "analog-input"


async def test_devices_answer_who_is(
    devices: tuple[DeviceSpec, ...], open_client: Callable, until: Callable
) -> None:
    client = open_client()
    client.who_is(address=Address(f"127.255.255.255:{devices[0].port}"), timeout=1)
    await until(lambda: len(client.found) == 3)
    assert set(client.found) == {(spec.instance, spec.place) for spec in devices[:3]}
    told = {apdu.iAmDeviceIdentifier[1]: apdu for apdu in client.heard}[FIRST]
    assert (told.maxAPDULengthAccepted, told.vendorID) == (1476, 148)
    assert str(told.segmentationSupported) == "no-segmentation"
    client.heard.clear()
    client.who_is(FIRST + 1, FIRST + 1, Address(devices[1].place), timeout=1)
    await until(lambda: client.found)
    assert client.found == [(FIRST + 1, devices[1].place)]
    limited = Address(f"127.255.255.255:{devices[0].port}")
    client.heard.clear()
    client.who_is(FIRST + 1, FIRST + 2, limited, timeout=1)
    await until(lambda: len(client.found) == 2)
    assert {instance for instance, _ in client.found} == {FIRST + 1, FIRST + 2}


async def test_a_device_says_who_it_is(
    devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    client, spec = open_client(), devices[0]
    target = f"device,{spec.instance}"
    expected = {
        "object-identifier": str(ObjectIdentifier(target)),
        "object-name": spec.name,
        "object-type": "device",
        "system-status": "operational",
        "vendor-name": spec.vendor_name,
        "vendor-identifier": str(spec.vendor_id),
        "model-name": spec.model_name,
        "firmware-revision": spec.firmware,
        "protocol-version": "1",
        "max-apdu-length-accepted": "1476",
        "segmentation-supported": "no-segmentation",
        "database-revision": "1",
        "device-address-binding": "[]",
        "protocol-services-supported": (
            "read-property;read-property-multiple;write-property;i-am;who-is"
        ),
    }
    many = await client.read_many(spec.place, {target: list(expected)})
    assert {str(name): str(value) for _target, name, _index, value in many} == expected
    for name, value in expected.items():
        assert str(await client.read(spec.place, target, name)) == value
    wildcard = await client.read(spec.place, "device,4194303", "object-name")
    assert wildcard == spec.name


async def test_the_object_list_is_read_whole_and_by_index(
    devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    client, spec = open_client(), devices[0]
    target = f"device,{spec.instance}"
    expected = [target, *objects()]
    listed = await client.read(spec.place, target, "object-list")
    assert [str(one) for one in listed] == expected
    assert await client.read(spec.place, target, "object-list", 0) == len(expected)
    for index in (1, 2, len(expected)):
        one = await client.read(spec.place, target, "object-list", index)
        assert str(one) == expected[index - 1]
    with pytest.raises(ErrorRejectAbortNack, match="invalid-array-index"):
        await client.read(spec.place, target, "object-list", len(expected) + 1)
    with pytest.raises(ErrorRejectAbortNack, match="property-is-not-an-array"):
        await client.read(spec.place, target, "object-name", 1)


@pytest.mark.parametrize("name", [*POINT_PROPERTIES, "event-state", "out-of-service", "units"])
async def test_a_property_is_the_same_alone_and_among_many(
    name: str, devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    client, spec = open_client(), devices[0]
    wanted = {
        target: point
        for target, point in objects().items()
        if name != "units" or point.type.is_analog
    }
    many = await client.read_many(spec.place, {target: [name] for target in wanted})
    for (target, point), (told_target, told_name, _index, among) in zip(
        wanted.items(), many, strict=True
    ):
        assert (str(told_target), str(told_name)) == (target, name)
        alone = await client.read(spec.place, target, name)
        if name == "present-value":
            low, high = (0, 100) if point.type.is_analog else (0, 3)
            assert low <= float(among) <= high
            assert low <= float(alone) <= high
            continue
        assert alone == among
        expected = {
            "object-name": point.label,
            "description": point.description,
            "status-flags": "",
            "reliability": "no-fault-detected",
            "event-state": "normal",
            "out-of-service": "0",
            "units": point.units,
        }[name]
        assert str(among) == expected


async def test_all_properties_of_a_point_make_sense_to_bacpypes3(
    devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    client, spec = open_client(), devices[0]
    for target, point in objects().items():
        if not target.endswith(",1"):
            continue
        told = {}
        for choice in ("all", "required", "optional"):
            results = await client.read_many(spec.place, {target: [choice]})
            told[choice] = {str(name): value for _target, name, _index, value in results}
        assert set(told["required"]) | set(told["optional"]) == set(told["all"])
        assert not set(told["required"]) & set(told["optional"])
        assert not any(isinstance(value, ErrorType) for value in told["all"].values())
        assert ("priority-array" in told["all"]) == (not point.type.is_input)
        if point.type.is_binary:
            texts = told["all"]["inactive-text"], told["all"]["active-text"]
            assert texts == point.states
        elif not point.type.is_analog:
            assert tuple(told["all"]["state-text"]) == point.states
            assert told["all"]["number-of-states"] == len(point.states)
            assert await client.read(spec.place, target, "state-text", 2) == point.states[1]


@pytest.mark.parametrize(
    ("target", "value", "shown"),
    [
        ("analog-output,1", 12.5, 12.5),
        ("analog-value,1", 99.0, 99.0),
        ("binary-output,1", "active", 1),
        ("binary-value,1", "active", 1),
        ("multi-state-value,1", 3, 3),
    ],
)
async def test_a_point_is_commanded_by_priority_and_released(
    target: str, value: Any, shown: float, devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    client, place = open_client(), devices[1].place

    async def present() -> float:
        ((_target, _name, _index, told),) = await client.read_many(
            place, {target: ["present-value"]}
        )
        return float(told)

    before = await present()
    other = {"analog-output,1": 1.0, "analog-value,1": 1.0}.get(
        target, "inactive" if "binary" in target else 2
    )
    await client.write(place, target, value, priority=8)
    await client.write(place, target, other, priority=None)
    assert await present() == shown
    array = await client.read(place, target, "priority-array")
    assert [slot.null is None for slot in array] == [number in (8, 16) for number in range(1, 17)]
    assert (await client.read(place, target, "priority-array", 7)).null is not None
    assert await client.read(place, target, "priority-array", 0) == 16
    await client.write(place, target, Null(()), priority=8)
    assert await present() != shown
    await client.write(place, target, Null(()), priority=16)
    assert await present() == before
    assert float(await client.read(devices[0].place, target, "present-value")) == before


@pytest.mark.parametrize(
    ("target", "name", "kind", "value", "problem"),
    [
        ("analog-output,1", "present-value", Real, 101.0, "value-out-of-range"),
        ("analog-output,1", "present-value", CharacterString, "x", "invalid-data-type"),
        ("analog-input,1", "present-value", Real, 1.0, "write-access-denied"),
        ("analog-output,1", "object-name", CharacterString, "x", "write-access-denied"),
        ("analog-output,999", "present-value", Real, 1.0, "unknown-object"),
        ("analog-input,1", "priority-array", Null, (), "unknown-property"),
    ],
)
async def test_a_write_that_makes_no_sense_is_refused(
    target: str,
    name: str,
    kind: type,
    value: Any,
    problem: str,
    devices: tuple[DeviceSpec, ...],
    open_client: Callable,
) -> None:
    request = WritePropertyRequest(
        objectIdentifier=ObjectIdentifier(target),
        propertyIdentifier=PropertyIdentifier(name),
        propertyValue=AnyValue(kind(value)),
        priority=8,
        destination=Address(devices[0].place),
    )
    with pytest.raises(ErrorRejectAbortNack, match=problem):
        await open_client().request(request)


async def test_what_is_unknown_is_told_inside_the_answer(
    devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    client, place = open_client(), devices[0].place
    told = await client.read_many(
        place, {"analog-input,1": ["object-name", "priority-array"], "schedule,1": ["object-name"]}
    )
    codes = [getattr(value, "errorCode", value) for _target, _name, _index, value in told]
    assert [str(code) for code in codes] == ["AI1", "unknown-property", "unknown-object"]
    with pytest.raises(ErrorRejectAbortNack, match="unknown-object"):
        await client.read(place, "analog-input,999", "present-value")


async def test_a_reply_that_is_too_long_is_aborted(
    devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    wanted = {target: ["present-value", "status-flags"] for target in objects()}
    client = open_client()
    assert len(await client.read_many(devices[0].place, wanted)) == 2 * len(wanted)
    for _ in range(2):  # the other device has less room, though the template is there
        with pytest.raises(AbortPDU) as refusal:
            await client.read_many(devices[2].place, wanted)
        assert refusal.value.apduAbortRejectReason == AbortReason.segmentationNotSupported


async def test_other_services_are_rejected(
    devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    client = open_client()
    with pytest.raises(RejectPDU) as refusal:
        await client.change_of_value(
            Address(devices[0].place), ObjectIdentifier("analog-input,1"), 1, False, 60
        ).refresh_subscription()
    assert str(refusal.value.apduAbortRejectReason) == "unrecognized-service"


async def test_a_device_may_be_silent(
    devices: tuple[DeviceSpec, ...], open_client: Callable
) -> None:
    client = open_client()
    client.patience(0.3)
    with pytest.raises(AbortPDU) as silence:
        await client.read(devices[3].place, f"device,{MUTE}", "object-name")
    assert silence.value.apduAbortRejectReason == AbortReason.noResponse


async def test_inputs_move(
    devices: tuple[DeviceSpec, ...], open_client: Callable, until: Callable
) -> None:
    client = open_client()
    wanted = {target: ["present-value"] for target in objects() if "analog-input" in target}

    async def values() -> list[float]:
        return [value for *_, value in await client.read_many(devices[0].place, wanted)]

    before = await values()
    async with asyncio.timeout(20):
        while any(now == then for now, then in zip(await values(), before, strict=True)):
            pass  # it answers as fast as it is asked


# Without a network: what is answered from a template is what was answered without.


def request(references: list[str], objects: list[ObjectId], invoke_id: int = 1) -> bytes:
    numbers = {"present-value": 85, "status-flags": 111, "units": 117, "object-name": 77}
    wanted = [PropertyRef(numbers[name]) for name in references]
    data = services.encode_read_property_multiple([(one, wanted) for one in objects])
    asked = apdu.confirmed_request(apdu.READ_PROPERTY_MULTIPLE, data, invoke_id)
    return frames.wrap(asked, expects_reply=True)


def two_devices(max_apdu: int = 1476) -> tuple[FastDevice, FastDevice]:
    """With templates in common, and with none."""
    catalogue = Catalogue(POINTS)
    spec = flat_device("One", 1, "127.1.2.1", 47999, POINTS, max_apdu=max_apdu)
    return FastDevice(spec, catalogue, {}, 0), FastDevice(spec, catalogue, {}, 0)


@pytest.mark.parametrize("tick", [0, 31, 32, TICKS - 1, TICKS, 12345])
@pytest.mark.parametrize(
    "references", [["present-value", "status-flags"], ["present-value"], ["object-name", "units"]]
)
def test_a_template_answers_as_the_first_answer_did(references: list[str], tick: int) -> None:
    asked = [one for one in Catalogue(POINTS).objects if one.type in (0, 1, 2)]
    asked += [ObjectId(3, 1), ObjectId(13, 1)] if "units" not in references else []
    learnt, fresh = two_devices()
    for invoke_id in (1, 2, 255):
        learnt.answer(request(references, asked, invoke_id), tick + 5)
        expected = fresh.answer(request(references, asked, invoke_id), tick)
        fresh = two_devices()[1]
        assert learnt.answer(request(references, asked, invoke_id), tick) == expected
        assert expected is not None


def test_a_template_obeys_the_longest_reply_of_whoever_asks() -> None:
    asked = [one for one in Catalogue(POINTS).objects if one.type == 0][:20]
    device, _ = two_devices()
    whole = request(["present-value"], asked)
    short = bytearray(whole)
    short[7] = 0x02  # 206 octets
    assert device.answer(whole, 0)[6] >> 4 == 3  # ComplexACK
    assert device.answer(bytes(short), 0)[6:] == apdu.abort(1, 4)


def test_a_command_shows_in_an_answer_from_a_template() -> None:
    device, _ = two_devices()
    output = ObjectId(1, 1)
    asked = request(["present-value"], [output])
    device.answer(asked, 0)
    write = bytes.fromhex("0c004000011955 3e 4442480000 3f 4908".replace(" ", ""))
    written = apdu.confirmed_request(apdu.WRITE_PROPERTY, write)
    assert device.answer(frames.wrap(written, expects_reply=True), 0)[6] >> 4 == 2  # SimpleACK
    answer = device.answer(asked, 0)
    (result,) = services.decode_results(apdu.parse(frames.unwrap(answer).apdu).data)
    assert result.values == (50.0,)


@pytest.mark.parametrize(
    "junk", [b"\x81\x0a\x00\x06\x01\x04", b"\x81\x0a\x00\x0a\x01\x04\x00\x05\x01\x0e", b"x" * 40]
)
def test_junk_is_dropped_or_rejected(junk: bytes) -> None:
    answer = two_devices()[0].answer(junk, 0)
    assert answer is None or answer[6] >> 4 in (3, 6)
