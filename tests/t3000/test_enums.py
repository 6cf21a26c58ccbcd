"""The choices have the numbers of T3000."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Choices, IntegerChoices, TextChoices

from t3000 import enums

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "enums.json"

# Where the names differ from the reference's.
NAMES = {
    "alarm_common": enums.SystemAlarm,
    "baud_rates": enums.BaudRate,
    "clock_weekdays": enums.ClockWeekday,
    "control": enums.OnOff,
    "input_jumper": enums.SignalType,
    "io_port_type_input": enums.InputPort,
    "io_port_type_output": enums.OutputPort,
    "monitor_status": enums.OnOff,
    "months": enums.Month,
    "output_priority_levels": enums.OutputPriority,
    "point_types": enums.PointType,
    "program_on_off": enums.OnOff,
    "schedule_output": enums.OnOff,
    "user_feature": enums.TriStateEnable,
    "webview_json_flash": enums.GraphicsFormat,
    "weekdays_schedule_columns": enums.ScheduleDay,
}

# What the reference lists and no row of a panel chooses from.
ELSEWHERE = {
    "_about",
    "alarm_flags",  # plain yes and no
    "aqi_levels",  # shown by air sensors, not held by panels
    "building_protocols",  # NetworkProtocol of the networks
    "digital_ranges",  # tables of values
    "extio_products",  # sizes of modules
    "input_analog_ranges",
    "input_filter",
    "lcd_display",
    "limits",
    "mini_types",
    "monitor_interval",
    "multi_state_ranges",
    "output_analog_ranges",
    "partition_strategy",  # T3000's own database
    "pid_fields",
    "pid_units",
    "private_transfer_commands",  # the wire
    "product_models",
    "program_execution_time",
    "protocols",
    "register_formats",
    "reset_default_commands",
    "sensor_bits",
    "special_flag_bits",
    "time_zones",
    "trend_block",
    "trend_point_type",  # PointKind
    "variable_analog_ranges",
    "webview_actions",
    "webview_sampling_interval",
    "webview_trend_timebases",
    "zigbee_exist",
}


def named(key: str) -> type[Choices]:
    """tcp_type -> TcpType."""
    found: type[Choices] = NAMES.get(key) or getattr(enums, key.title().replace("_", ""))
    return found


def values(rows: Iterable[Any]) -> list[Any]:
    return sorted(
        row if isinstance(row, str) else row["number"] if "number" in row else row["value"]
        for row in rows
    )


def test_all_numbers_are_those_of_t3000() -> None:
    if not REFERENCE.exists():
        pytest.skip("the folder shared/reference is not beside the project")
    reference = json.loads(REFERENCE.read_text("utf-8"))
    keys = reference.keys() - ELSEWHERE
    assert len(keys) == len(reference) - len(ELSEWHERE)
    ours = {key: sorted(named(key).values) for key in keys}
    assert ours == {key: values(reference[key]["rows"]) for key in keys}
    units = reference["monitor_interval"]["max_time_length"]["bits_7_6"]
    assert {str(one.value): one.name.lower() for one in enums.MonitorLengthUnit} == units


def test_the_speeds_are_those_of_t3000() -> None:
    assert [rate.label for rate in enums.BaudRate] == [
        *("1200", "2400", "3600", "4800", "7200", "9600", "19200", "38400", "76800"),
        *("115200", "921600", "57600"),
    ]


def test_dhcp_is_1_by_wire_and_0_by_wifi() -> None:
    assert enums.TcpType.DHCP == 1
    assert enums.WifiIpMode.DHCP == 0


def test_cooling_is_the_direct_action() -> None:
    assert enums.PidAction.DIRECT == 1


def test_every_choice_has_a_label_of_its_own() -> None:
    """Two that read alike could not be told apart in a form."""
    choices = [one for one in vars(enums).values() if isinstance(one, type)]
    both = [one for one in choices if issubclass(one, IntegerChoices | TextChoices)]
    assert len(both) > 50
    for one in both:
        labels = [str(label) for label in one.labels]
        assert all(labels), one
        assert len(set(labels)) == len(labels), one
