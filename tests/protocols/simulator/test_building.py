"""The model of the building, without any network."""

import math
import pickle
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.simulator import weather
from protocols.simulator.building import NIGHT, Floor, PiLoop, Zone
from protocols.simulator.demo import DEMO
from protocols.simulator.plantroom import OFF, AirHandler, BoilerHouse
from protocols.simulator.spec import DeviceSpec, ObjectType, Plant, Point
from protocols.simulator.tenants import LAMPS, Meters, TenantRooms
from protocols.simulator.weather import ANCHOR, DAY, HOUR, MINUTE, Clock

MONDAY = 1000 * 7 * DAY
AIR_HANDLER, FLOOR, _, BOILER_HOUSE, WEATHER_STATION, TENANT, METERS = DEMO


def initial_points(spec: DeviceSpec) -> dict[str, float]:
    return {point.label: point.initial for point in spec.points if not point.type.is_input}


def run(
    plant: Plant,
    points: dict[str, float],
    moment: float,
    duration: float,
    overrides: Mapping[str, float] | None = None,
) -> float:
    """Lets program and plant run minute by minute, as a device does. Returns the last moment."""
    end = moment + duration
    while moment < end:
        moment += MINUTE
        points.update(plant.program(MINUTE, moment, points))
        points.update(overrides or {})
        plant.step(MINUTE, moment, points)
    return moment


def test_clock_runs_faster_than_the_wall() -> None:
    wall = iter([ANCHOR, ANCHOR + 24 * 60])
    clock = Clock(speed=60, wall=lambda: next(wall))
    assert clock.now() == 0
    assert clock.now() == DAY


def test_weather_is_the_same_for_everybody() -> None:
    moments = [MONDAY + hour * HOUR for hour in range(24 * 14)]
    temperatures = [weather.outdoor_temperature(moment) for moment in moments]
    assert temperatures == [weather.outdoor_temperature(moment) for moment in moments]
    assert -6 < min(temperatures) < 5 < max(temperatures) < 16
    afternoon = weather.outdoor_temperature(MONDAY + 15 * HOUR)
    assert afternoon > weather.outdoor_temperature(MONDAY + 3 * HOUR)


def test_sun_shines_by_day_only() -> None:
    assert weather.sunshine(MONDAY + 12 * HOUR) > 50
    assert weather.sunshine(MONDAY) == 0


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [(0, 6.9, False), (0, 7, True), (4, 17.9, True), (4, 18, False), (5, 12, False)],
)
def test_occupancy_follows_the_working_week(day: int, hour: float, expected: bool) -> None:
    moment = MONDAY + day * DAY + hour * HOUR
    assert weather.occupied(moment) is expected
    if not expected:
        assert weather.people(moment) == 0


def test_sensor_noise_is_smooth_and_moves_within_seconds() -> None:
    noise = [weather.wobble("OA-T", second / 10) for second in range(3000)]
    assert max(abs(after - before) for before, after in pairwise(noise)) < 0.05
    assert all(abs(noise[i + 40] - noise[i]) > 0 for i in range(2900))
    assert max(map(abs, noise)) <= 1


def test_loop_drives_to_its_ends_and_comes_back() -> None:
    loop = PiLoop(gain=10, reset=HOUR)
    assert loop.output(50, MINUTE) == 100
    for _ in range(1000):
        loop.output(50, MINUTE)
    assert loop.integral == 100
    assert loop.output(-50, MINUTE) == 0


def test_zone_warms_when_its_valve_opens() -> None:
    night = MONDAY + 2 * HOUR
    open_valve, shut_valve = Zone("1", temperature=18), Zone("1", temperature=18)
    for minute in range(120):
        open_valve.step(MINUTE, night + minute * MINUTE, valve=1, damper=0)
        shut_valve.step(MINUTE, night + minute * MINUTE, valve=0, damper=0)
    assert open_valve.temperature > 18.5
    assert shut_valve.temperature < 17.5


def test_zone_co2_follows_people_and_damper() -> None:
    noon = MONDAY + 11 * HOUR
    stuffy, aired = Zone("no window", co2=420), Zone("no window", co2=420)
    for minute in range(60):
        stuffy.step(MINUTE, noon + minute * MINUTE, valve=0, damper=0)
        aired.step(MINUTE, noon + minute * MINUTE, valve=0, damper=1)
    assert stuffy.co2 > aired.co2 + 100 > 620


def floor_plant(moment: float) -> tuple[Floor, dict[str, float]]:
    plant = FLOOR.plant(moment)
    assert isinstance(plant, Floor)
    return plant, initial_points(FLOOR)


def test_floor_is_warm_by_day_and_set_back_at_night() -> None:
    plant, points = floor_plant(MONDAY)
    noon = run(plant, points, MONDAY, 11 * HOUR)
    assert points["Z101-SPE"] == points["Z101-SPO"]
    by_day = plant.sense(noon)["Z101-T"]
    assert by_day == pytest.approx(points["Z101-SPO"], abs=2)
    midnight = run(plant, points, noon, 13 * HOUR)
    assert points["Z101-SPE"] == points["Z101-SPN"]
    assert plant.sense(midnight)["Z101-T"] < by_day - 2


def test_floor_obeys_mode_and_setpoint_of_the_operator() -> None:
    plant, points = floor_plant(MONDAY)
    run(plant, points, MONDAY, 11 * HOUR, {"F1-MODE": NIGHT, "Z101-SPN": 15})
    assert points["Z101-SPE"] == 15


def test_floor_cools_down_when_an_operator_stops_its_pump() -> None:
    plant, points = floor_plant(MONDAY)
    moment = run(plant, points, MONDAY, 10 * HOUR, {"F1-PUMP": 0})
    assert plant.sense(moment)["Z101-T"] < 16
    assert points["Z101-VLV"] == 100  # the program does what it can


def test_air_handler_reaches_its_setpoints_in_working_hours() -> None:
    plant, points = AirHandler(MONDAY), initial_points(AIR_HANDLER)
    night = run(plant, points, MONDAY, 5 * HOUR)
    assert plant.sense(night)["SF-STAT"] == 0
    seen = plant.sense(run(plant, points, night, 4 * HOUR))
    assert seen["SF-STAT"] == 1
    assert seen["SA-P"] == pytest.approx(points["SA-P-SP"], abs=10)
    assert seen["SA-T"] == pytest.approx(points["SA-SPE"], abs=1.5)


def test_air_handler_fan_status_follows_the_command() -> None:
    plant, points = AirHandler(MONDAY), initial_points(AIR_HANDLER)
    moment = run(plant, points, MONDAY, 9 * HOUR, {"SF-CMD": 0})
    assert plant.sense(moment)["SF-STAT"] == 0
    assert plant.sense(moment)["RF-STAT"] == 1


def test_air_handler_guards_against_frost() -> None:
    cold = next(
        MONDAY + hour * HOUR
        for hour in range(24 * 60)
        if weather.outdoor_temperature(MONDAY + hour * HOUR) < 0
        and weather.occupied(MONDAY + hour * HOUR)
    )
    plant, points = AirHandler(cold), initial_points(AIR_HANDLER)
    moment = run(plant, points, cold, HOUR / 2, {"OA-DMP": 100, "RA-DMP": 0, "HC-PMP": 0})
    assert plant.sense(moment)["FRZ-STAT"] == 1
    assert points["HC-VLV"] == 100
    assert points["AHU-STEP"] == AirHandler.FROST_GUARD


def test_boiler_follows_its_curve_within_the_hysteresis() -> None:
    plant, points = BoilerHouse(MONDAY), initial_points(BOILER_HOUSE)
    moment = run(plant, points, MONDAY, 6 * HOUR, {"DHW-SP": 20})
    assert points["HW-SP"] == pytest.approx(weather.nominal_flow_temperature(moment))
    assert plant.sense(moment)["HW-S-T"] == pytest.approx(points["HW-SP"], abs=5)


def test_boiler_burner_cycles_and_burns_gas() -> None:
    plant, points = BoilerHouse(MONDAY), initial_points(BOILER_HOUSE)
    before = plant.gas
    states = set()
    moment = MONDAY
    for _ in range(60):
        moment = run(plant, points, moment, 5 * MINUTE)
        states.add(plant.sense(moment)["BLR-STAT"])
    assert states == {0, 1}
    assert 1 < plant.gas - before < 6 * 5


def test_boiler_stays_cold_when_switched_off() -> None:
    plant, points = BoilerHouse(MONDAY), initial_points(BOILER_HOUSE)
    moment = run(plant, points, MONDAY, DAY, {"BLR-MODE": OFF})
    assert plant.sense(moment)["BLR-STAT"] == 0
    assert plant.sense(moment)["HW-S-T"] < 40


def test_boiler_locks_before_it_boils() -> None:
    plant, points = BoilerHouse(MONDAY), initial_points(BOILER_HOUSE)
    force = {"BLR-CMD": 1, "P1-CMD": 0, "P2-CMD": 0, "DHW-PMP": 0}
    moment, locked = MONDAY, set()
    for _ in range(40):
        moment = run(plant, points, moment, 10 * MINUTE, force)
        locked.add(plant.sense(moment)["BLR-ALM"])
        assert plant.sense(moment)["BLR-T"] <= BoilerHouse.BOILING
    assert locked == {0, 1}


def test_lights_are_on_for_people_in_the_dark_only() -> None:
    plant, points = TenantRooms(MONDAY), initial_points(TENANT)
    seen = set()
    moment = MONDAY
    for _ in range(7 * 24 * 4):
        moment = run(plant, points, moment, 15 * MINUTE)
        sensed = plant.sense(moment)
        lit = points["E1-LGT"] == 1
        seen.add((bool(sensed["E1-OCC"]), lit))
        if lit:
            assert sensed["E1-LUX"] < TenantRooms.BRIGHT + LAMPS
    assert seen >= {(False, False), (True, True), (True, False)}


def test_meters_run_on_and_load_is_shed_above_the_limit() -> None:
    plant, points = Meters(MONDAY), initial_points(METERS)
    before = dict(plant.energy)
    noon = run(plant, points, MONDAY, 11 * HOUR)
    for meter, energy in plant.energy.items():
        assert 20 < energy - before[meter] < 400
    assert points["SHED-1"] == 0
    free = sum(plant.power.values())
    shed = {"SHED-EN": 1.0, "LIM-KW": free - 1}
    run(plant, points, noon, 10 * MINUTE, shed)
    assert points["SHED-1"] == 1
    assert sum(plant.power.values()) < free


@pytest.mark.parametrize("spec", DEMO, ids=lambda spec: spec.name)
def test_plant_and_points_of_a_device_fit(spec: DeviceSpec) -> None:
    plant, points = spec.plant(MONDAY), initial_points(spec)
    assert set(plant.sense(MONDAY)) == {point.label for point in spec.points if point.type.is_input}
    travelled = pickle.loads(pickle.dumps(spec))  # to its process
    assert travelled.points == spec.points
    assert travelled.plant(MONDAY).sense(MONDAY) == plant.sense(MONDAY)
    assert set(plant.program(0, MONDAY, points)) <= set(points)


def test_demo_is_a_building_of_the_promised_size() -> None:
    assert 120 <= sum(len(spec.points) for spec in DEMO) <= 180
    for spec in DEMO[:4]:  # the weather station is mostly inputs
        kinds = {point.type.is_input for point in spec.points}
        outputs = {point.type.is_output for point in spec.points}
        assert kinds == outputs == {True, False}
        assert spec.max_apdu == 600


@pytest.mark.parametrize(
    ("kind", "label", "description", "problem"),
    [
        (ObjectType.ANALOG_INPUT, "NINECHARS", "fits", "1 to 8 characters"),
        (ObjectType.ANALOG_INPUT, "LABEL", "x" * 21, "longer than 20"),
        (ObjectType.ANALOG_OUTPUT, "LABEL", "x" * 19, "longer than 18"),
        (ObjectType.BINARY_INPUT, "LABEL", "no state texts", "each of its states"),
    ],
)
def test_point_that_a_panel_has_no_room_for_is_refused(
    kind: ObjectType, label: str, description: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Point(kind, label, description)


# Whatever is commanded and however long the steps are, the building stays a building.


@st.composite
def commanded_steps(draw: st.DrawFn, spec: DeviceSpec) -> list[tuple[float, dict[str, float]]]:
    commandable = [point for point in spec.points if not point.type.is_input]
    chosen = draw(st.lists(st.sampled_from(commandable), max_size=6, unique_by=lambda p: p.label))
    values = {point.label: _legal(point) for point in chosen}
    step = st.tuples(st.floats(0, 10 * HOUR), st.fixed_dictionaries(values))
    return draw(st.lists(step, min_size=1, max_size=12))


def _legal(point: Point) -> st.SearchStrategy[float]:
    if point.type.is_analog:
        low = 0 if point.low is None else point.low
        return st.floats(low, 100 if point.high is None else point.high)
    first = 0 if point.type.is_binary else 1
    return st.integers(first, first + len(point.states) - 1).map(float)


PHYSICAL = {
    "degrees-celsius": (-15, 150),
    "parts-per-million": (400, 3000),
    "percent-relative-humidity": (0, 100),
    "pascals": (0, 600),
    "cubic-meters-per-hour": (0, 10_000),
    "amperes": (0, 12),
    "bars": (1, 3),
    "cubic-meters": (0, 100_000),
    "kilowatts": (0, 62),
    "luxes": (0, 1500),
}
METERED = {"amperes": (0, 80)}  # of the whole building


@pytest.mark.parametrize(
    "spec", [AIR_HANDLER, FLOOR, BOILER_HOUSE, TENANT, METERS], ids=lambda spec: spec.name
)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), start=st.floats(0, 1e10))
def test_values_stay_physical(spec: DeviceSpec, data: st.DataObject, start: float) -> None:
    plant, points, moment = spec.plant(start), initial_points(spec), start
    units = {point.label: point for point in spec.points}
    for dt, overrides in data.draw(commanded_steps(spec)):
        moment += dt
        wished = plant.program(dt, moment, points)
        assert all(math.isfinite(value) for value in wished.values())
        points.update(wished)
        points.update(overrides)
        plant.step(dt, moment, points)
        for label, value in plant.sense(moment).items():
            limits = PHYSICAL | (METERED if spec is METERS else {})
            low, high = limits.get(units[label].units, (0, 1))
            assert low <= value <= high, (label, value)
