"""Addresses of points as people write them, looked at by the protocol of their network. No I/O, no
protocol stack: what a driver finds it names by itself.

A T3 panel on Modbus has tables of points that count from 1 (the registers hold no private
variables); other Modbus devices have the four tables of the protocol, whose registers and coils
count from 0 as on the wire.
"""

import re
from collections.abc import Mapping

from protocols.types import PointAddress

LONGEST = 64
NUMBER = re.compile(r"[0-9]{1,7}")
BACNET_TYPES = tuple(
    f"{shape}-{use}"
    for shape in ("analog", "binary", "multi-state")
    for use in ("input", "output", "value")
)
INSTANCES = range(4194303)  # 22 bits, the last of which stands for none (135-2020 clause 12)
T3_TABLES = ("input", "output", "variable", "pvar")
T3_POINTS = range(1, 256)
MODBUS_TABLES = ("coil", "discrete-input", "input-register", "holding-register")
REGISTERS = range(65536)

NUMBERS: Mapping[str, Mapping[str, range]] = {
    "bacnet": dict.fromkeys(BACNET_TYPES, INSTANCES),
    "modbus": {
        **dict.fromkeys(T3_TABLES, T3_POINTS),
        **dict.fromkeys(MODBUS_TABLES, REGISTERS),
    },
}
EXAMPLES = {"bacnet": "analog-input,3", "modbus": "input,1 or holding-register,100"}
# Of any protocol, for those who ask before they know which.
PATTERN = rf"^({'|'.join(name for names in NUMBERS.values() for name in names)}),[0-9]{{1,7}}\Z"


def canonical(protocol: str, text: str) -> str:
    """The address in the one form that the drivers give it: analog-input,3 for analog-input,03.
    Raises ValueError that says what would be right."""
    numbers = NUMBERS.get(protocol)
    if numbers is None:
        return str(PointAddress.parse(text))
    kind, comma, number = text.partition(",")
    if not comma or not NUMBER.fullmatch(number):
        raise ValueError(f"{text!r} is no address of a point; write {EXAMPLES[protocol]}.")
    known = numbers.get(kind)
    if known is None:
        raise ValueError(f"There is no {kind!r} here; there are: {', '.join(numbers)}.")
    if int(number) not in known:
        raise ValueError(
            f"{number} is out of range; {kind} goes from {known.start} to {known.stop - 1:,}."
        )
    return str(PointAddress(kind, int(number)))
