"""Addresses of points as people write them, looked at by the protocol of their network. No I/O, no
protocol stack: what a driver finds it names by itself.

A T3 panel on Modbus has tables of points that count from 1 (the registers hold no private
variables); other Modbus devices have the four tables of the protocol, whose registers and coils
count from 0 as on the wire. What a register holds is told with its table where it is no unsigned
number of 16 bits: holding-register-int16,100, and of two registers with the order of their bytes:
holding-register-float32-cdab,100.
"""

import re
from collections.abc import Mapping

from protocols.types import PointAddress

LONGEST = 64
NUMBER = re.compile(r"[0-9]{1,7}")
# Object types that have a present value that is a number, and what they are used as.
BACNET_TYPES: Mapping[str, str] = {
    **{
        f"{shape}-{use}": use
        for shape in ("analog", "binary", "multi-state")
        for use in ("input", "output", "value")
    },
    "accumulator": "input",
    "pulse-converter": "input",
    "integer-value": "value",
    "positive-integer-value": "value",
    "large-analog-value": "value",
}
INSTANCES = range(4194303)  # 22 bits, the last of which stands for none (135-2020 clause 12)
T3_TABLES = ("input", "output", "variable", "pvar")
T3_POINTS = range(1, 256)
BITS = ("coil", "discrete-input")
WORDS = ("input-register", "holding-register")
ORDERS = ("abcd", "cdab", "badc", "dcba")
HELD = ("int16", *(f"{one}-{o}" for one in ("uint32", "int32", "float32") for o in ORDERS))
MODBUS_TABLES = (*BITS, *WORDS, *(f"{table}-{held}" for table in WORDS for held in HELD))
REGISTERS = range(65536)

NUMBERS: Mapping[str, Mapping[str, range]] = {
    "bacnet": dict.fromkeys(BACNET_TYPES, INSTANCES),
    "modbus": {
        **dict.fromkeys(T3_TABLES, T3_POINTS),
        **dict.fromkeys(MODBUS_TABLES, REGISTERS),
    },
}
EXAMPLES = {"bacnet": "analog-input,3", "modbus": "input,1 or holding-register,100"}
# What there is, as it is told to whoever wrote something else.
TOLD = {
    "bacnet": ", ".join(BACNET_TYPES),
    "modbus": f"{', '.join((*T3_TABLES, *BITS, *WORDS))}, and {WORDS[1]}-{HELD[-1]} and the like",
}
# Of any protocol, for those who ask before they know which.
_PLAIN = "|".join((*BACNET_TYPES, *T3_TABLES, *BITS))
_HELD = f"int16|(uint32|int32|float32)-({'|'.join(ORDERS)})"
PATTERN = rf"^({_PLAIN}|({'|'.join(WORDS)})(-({_HELD}))?),[0-9]{{1,7}}\Z"


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
        raise ValueError(f"There is no {kind!r} here; there are: {TOLD[protocol]}.")
    if int(number) not in known:
        raise ValueError(
            f"{number} is out of range; {kind} goes from {known.start} to {known.stop - 1:,}."
        )
    return str(PointAddress(kind, int(number)))
