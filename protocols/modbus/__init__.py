"""Modbus TCP on pymodbus: controllers whose registers are described by a file in products/."""
