"""The demo building: seven devices of two vendors, as a building of two floors would have. Two of
them speak Modbus TCP, the others BACnet/IP."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address

from protocols.simulator.building import Floor
from protocols.simulator.plantroom import AirHandler, BoilerHouse, WeatherStation
from protocols.simulator.spec import DeviceSpec, ObjectType, Point, Protocol
from protocols.simulator.tenants import Meters, TenantRooms

PORT = 47809  # not BACnet's own 47808, so that a real BACnet program may run beside it
FIRST_ADDRESS = "127.0.0.11"

OFF_ON = ("Off", "On")


def sensor(label: str, description: str, units: str, noise: float = 0.0) -> Point:
    return Point(ObjectType.ANALOG_INPUT, label, description, units=units, noise=noise)


def thermometer(label: str, description: str, noise: float = 0.12) -> Point:
    return sensor(label, description, "degrees-celsius", noise)


def contact(label: str, description: str, states: tuple[str, ...] = OFF_ON) -> Point:
    return Point(ObjectType.BINARY_INPUT, label, description, states=states)


def percent_output(label: str, description: str) -> Point:
    return Point(ObjectType.ANALOG_OUTPUT, label, description, units="percent", low=0, high=100)


def relay(label: str, description: str) -> Point:
    return Point(ObjectType.BINARY_OUTPUT, label, description, states=OFF_ON)


def setpoint(
    label: str,
    description: str,
    initial: float,
    *,
    units: str = "degrees-celsius",
    limits: tuple[float, float] = (0, 100),
) -> Point:
    low, high = limits
    return Point(
        ObjectType.ANALOG_VALUE, label, description, initial, units=units, low=low, high=high
    )


def flag(label: str, description: str, states: tuple[str, ...] = ("No", "Yes")) -> Point:
    return Point(ObjectType.BINARY_VALUE, label, description, states=states)


def choice(label: str, description: str, states: tuple[str, ...], initial: float = 1) -> Point:
    return Point(ObjectType.MULTI_STATE_VALUE, label, description, initial, states=states)


def _zone(number: str) -> tuple[Point, ...]:
    name = f"Z{number}"
    return (
        thermometer(f"{name}-T", f"Room {number} temp"),
        sensor(f"{name}-CO2", f"Room {number} CO2", "parts-per-million", 8),
        contact(f"{name}-WIN", f"Room {number} window", ("Closed", "Open")),
        percent_output(f"{name}-VLV", f"Room {number} valve"),
        percent_output(f"{name}-DMP", f"Room {number} damper"),
        setpoint(f"{name}-SPO", f"Room {number} SP day", 21.5, limits=(10, 30)),
        setpoint(f"{name}-SPN", f"Room {number} SP night", 17, limits=(5, 25)),
        setpoint(f"{name}-SPE", f"Room {number} SP now", 21.5, limits=(5, 30)),
    )


def _floor_points(floor: str, zones: Sequence[str]) -> tuple[Point, ...]:
    return (
        *(point for number in zones for point in _zone(number)),
        thermometer(f"{floor}-FLOW", "Heating flow temp", 0.2),
        sensor(f"{floor}-RH", "Floor humidity", "percent-relative-humidity", 0.6),
        relay(f"{floor}-PUMP", "Circulation pump"),
        relay(f"{floor}-LGT", "Corridor lights"),
        choice(f"{floor}-MODE", "Floor mode", ("Auto", "Comfort", "Night", "Off")),
        flag(f"{floor}-OCC", "Floor occupied"),
    )


def _floor(floor: str, zones: Sequence[str], **identity: object) -> DeviceSpec:
    return DeviceSpec(
        name=f"Floor {floor[1:]} zones",
        model_name="T3-TB",
        plant=partial(Floor, floor=floor, zones=zones),
        points=_floor_points(floor, zones),
        description=f"Room control of floor {floor[1:]}",
        location=f"Corridor {floor[1:]}",
        **identity,  # type: ignore[arg-type]  # instance, address and port
    )


AIR_HANDLER = (
    thermometer("OA-T", "Outside air temp"),
    thermometer("MA-T", "Mixed air temp"),
    thermometer("SA-T", "Supply air temp"),
    thermometer("RA-T", "Return air temp"),
    thermometer("EA-T", "Exhaust air temp"),
    sensor("SA-RH", "Supply air humidity", "percent-relative-humidity", 0.6),
    sensor("RA-CO2", "Return air CO2", "parts-per-million", 7),
    sensor("SA-P", "Duct pressure", "pascals", 2.5),
    sensor("FLT-DP", "Filter pressure drop", "pascals", 1.5),
    sensor("SA-FLOW", "Supply air flow", "cubic-meters-per-hour", 15),
    thermometer("HC-RW-T", "Coil return water", 0.25),
    sensor("SF-AMP", "Supply fan current", "amperes", 0.06),
    contact("SF-STAT", "Supply fan status"),
    contact("RF-STAT", "Return fan status"),
    contact("FLT-DRTY", "Filter dirty", ("Normal", "Alarm")),
    contact("FRZ-STAT", "Freeze stat", ("Normal", "Alarm")),
    contact("SMOKE", "Smoke detector", ("Normal", "Alarm")),
    percent_output("HC-VLV", "Heating coil valve"),
    percent_output("OA-DMP", "Outside air damper"),
    percent_output("RA-DMP", "Return air damper"),
    percent_output("EA-DMP", "Exhaust damper"),
    percent_output("SF-SPD", "Supply fan speed"),
    percent_output("RF-SPD", "Return fan speed"),
    relay("SF-CMD", "Supply fan"),
    relay("RF-CMD", "Return fan"),
    relay("HC-PMP", "Coil pump"),
    setpoint("SA-SP", "Supply air setpoint", 18, limits=(12, 28)),
    setpoint("SA-SPE", "Supply SP now", 18, limits=(12, 30)),
    setpoint("SA-P-SP", "Duct pressure SP", 250, units="pascals", limits=(50, 400)),
    setpoint("OA-MIN", "Min outside air", 25, units="percent"),
    choice("AHU-MODE", "AHU mode", ("Off", "Auto", "On"), 2),
    choice("AHU-STEP", "AHU program step", ("Off", "Heating", "Ventilating", "Frost guard")),
    flag("AHU-OCC", "Building occupied"),
)

BOILER_HOUSE = (
    thermometer("OA-T", "Outside air temp"),
    thermometer("HW-S-T", "Flow temperature", 0.2),
    thermometer("HW-R-T", "Return temperature", 0.2),
    thermometer("BLR-T", "Boiler temperature", 0.2),
    thermometer("FLUE-T", "Flue gas temp", 0.8),
    thermometer("MIX-T", "Mixed circuit temp", 0.2),
    thermometer("DHW-T", "Hot water tank temp", 0.15),
    sensor("HW-P", "System pressure", "bars", 0.01),
    sensor("GAS-M3", "Gas meter", "cubic-meters"),
    sensor("GAS-KW", "Gas power", "kilowatts", 0.15),
    contact("BLR-STAT", "Burner status"),
    contact("BLR-ALM", "Burner locked", ("Normal", "Alarm")),
    contact("P1-STAT", "Pump 1 status"),
    contact("P2-STAT", "Pump 2 status"),
    relay("BLR-CMD", "Burner"),
    relay("P1-CMD", "Heating pump 1"),
    relay("P2-CMD", "Heating pump 2"),
    relay("DHW-PMP", "Tank charge pump"),
    percent_output("MIX-VLV", "Mixing valve"),
    setpoint("HW-SP", "Flow setpoint", 55, limits=(20, 90)),
    setpoint("CRV-COLD", "Flow SP at -10 C", 70, limits=(40, 90)),
    setpoint("CRV-WARM", "Flow SP at +15 C", 38, limits=(20, 60)),
    setpoint("HYST", "Burner hysteresis", 6, units="delta-degrees-kelvin", limits=(1, 20)),
    setpoint("MIX-SP", "Mixed circuit SP", 36, limits=(20, 50)),
    setpoint("DHW-SP", "Hot water setpoint", 55, limits=(40, 65)),
    choice("BLR-MODE", "Boiler mode", ("Off", "Auto", "On"), 2),
    choice("P-LEAD", "Lead pump", ("Pump 1", "Pump 2")),
    flag("SUMMER", "Summer shutdown"),
)

WEATHER_STATION = (
    thermometer("OA-T", "Outside air temp"),
    sensor("OA-RH", "Outside humidity", "percent-relative-humidity", 0.6),
    thermometer("OA-DEW", "Dew point"),
    sensor("SOLAR", "Solar radiation", "watts-per-square-meter", 2),
    sensor("WIND", "Wind speed", "meters-per-second", 0.4),
    sensor("WIND-DIR", "Wind direction", "degrees-angular", 6),
    sensor("BARO", "Air pressure", "hectopascals", 0.15),
    contact("RAINING", "Rain detector", ("Dry", "Rain")),
    contact("DAYLIGHT", "Daylight", ("Night", "Day")),
    Point(
        ObjectType.MULTI_STATE_INPUT,
        "SKY",
        "Sky",
        initial=1,
        states=("Clear", "Cloudy", "Rain"),
    ),
    setpoint("SIM-HOUR", "Simulated hour", 0, units="hours", limits=(0, 24)),
)


def _tenant_room(room: str) -> tuple[Point, ...]:
    return (
        thermometer(f"{room}-T", f"Office {room} temp"),
        sensor(f"{room}-CO2", f"Office {room} CO2", "parts-per-million", 8),
        sensor(f"{room}-LUX", f"Office {room} light", "luxes", 6),
        contact(f"{room}-OCC", f"Office {room} presence", ("Unoccupied", "Occupied")),
        percent_output(f"{room}-VLV", f"Office {room} valve"),
        relay(f"{room}-LGT", f"Office {room} lights"),
    )


TENANT_EAST = (
    *_tenant_room("E1"),
    *_tenant_room("E2"),
    percent_output("E-VAV", "Air volume"),
    setpoint("E-SPO", "Setpoint day", 21.5, limits=(10, 30)),
    setpoint("E-SPN", "Setpoint night", 17, limits=(5, 25)),
    setpoint("E-SPE", "Setpoint now", 21.5, limits=(5, 30)),
    flag("E-OCC", "Tenant present"),
)

METER_ROOM = (
    sensor("L1-A", "Current L1", "amperes", 0.4),
    sensor("L2-A", "Current L2", "amperes", 0.4),
    sensor("L3-A", "Current L3", "amperes", 0.4),
    thermometer("MR-T", "Meter room temp"),
    contact("LEAK", "Water on the floor", ("Normal", "Alarm")),
    relay("SHED-1", "Load shed west"),
    Point(ObjectType.BINARY_OUTPUT, "FAN", "Room fan", states=("Stop", "Start")),
    setpoint("P-KW", "Power of all", 0, units="kilowatts", limits=(0, 500)),
    setpoint("E-EAST", "Energy tenant east", 0, units="kilowatt-hours", limits=(0, 1e6)),
    setpoint("E-WEST", "Energy tenant west", 0, units="kilowatt-hours", limits=(0, 1e6)),
    setpoint("LIM-KW", "Power limit", 34, units="kilowatts", limits=(5, 500)),
    setpoint("FAN-SP", "Fan on above", 27, limits=(15, 40)),
    flag("SHED-EN", "Load shedding", ("Disable", "Enable")),
)

DEMO: tuple[DeviceSpec, ...] = (
    DeviceSpec(
        name="AHU-1 Controller",
        instance=237201,
        address="127.0.0.11",
        port=PORT,
        plant=AirHandler,
        points=AIR_HANDLER,
        description="Air handling unit 1",
        location="Roof plant room",
    ),
    _floor("F1", ("101", "102", "103"), instance=237544, address="127.0.0.12", port=PORT),
    _floor("F2", ("201", "202", "203"), instance=237560, address="127.0.0.13", port=PORT),
    DeviceSpec(
        name="Boiler house",
        instance=237330,
        address="127.0.0.14",
        port=PORT,
        plant=BoilerHouse,
        points=BOILER_HOUSE,
        model_name="T3-LB",
        description="Gas boiler and heating circuits",
        location="Boiler room",
    ),
    DeviceSpec(
        name="Weather station",
        instance=80001,
        address="127.0.0.15",
        port=PORT,
        plant=WeatherStation,
        points=WEATHER_STATION,
        vendor_id=999,
        vendor_name="Example Instruments",
        model_name="WS-4",
        firmware="4.1.0",
        description="Weather station",
        location="Weather mast",
        max_apdu=1476,
        segmentation=True,
    ),
    DeviceSpec(
        name="Tenant east",
        instance=16,
        address="127.0.0.16",
        port=PORT,
        plant=TenantRooms,
        points=TENANT_EAST,
        model_name="T3-TB",
        protocol=Protocol.MODBUS,
    ),
    DeviceSpec(
        name="Meter room",
        instance=17,
        address="127.0.0.17",
        port=PORT,
        plant=Meters,
        points=METER_ROOM,
        model_name="T3-LB",
        protocol=Protocol.MODBUS,
    ),
)


def demo_building(
    *, port: int = PORT, first_address: str = FIRST_ADDRESS
) -> tuple[DeviceSpec, ...]:
    """The demo's devices at consecutive addresses of your choice."""
    first = IPv4Address(first_address)
    return tuple(
        replace(spec, address=str(first + place), port=port) for place, spec in enumerate(DEMO)
    )
