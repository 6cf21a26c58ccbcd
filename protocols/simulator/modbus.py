"""A T3 panel on Modbus TCP, as ESP32 firmware 66.02 behaves: functions 03, 06 and 16, no exception
ever, no word about what it does not understand."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from protocols.simulator.addresses import check_free
from protocols.simulator.model import Model
from protocols.simulator.panel import Panel
from protocols.simulator.spec import DeviceSpec
from protocols.simulator.weather import Clock

logger = logging.getLogger(__name__)

CONNECTIONS = 6  # a seventh is closed at once
IDLE_SECONDS = 60.0
ANY_UNIT = 255
HEADER = struct.Struct(">HHHB")  # transaction, protocol, length from here on, unit
LONGEST_READ = 245  # beyond it the real one overruns its buffer


class PanelServer:
    """Answers for one panel."""

    def __init__(self, spec: DeviceSpec, panel: Panel) -> None:
        self._spec, self._panel = spec, panel
        self._connections = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its beginning to its end."""
        self._connections += 1
        try:
            if self._connections <= CONNECTIONS:
                await self._answer_all(reader, writer)
        except (OSError, TimeoutError) as error:
            logger.debug("%s: a connection ended: %s", self._spec.name, error)
        finally:
            self._connections -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while packet := await asyncio.wait_for(reader.read(1024), IDLE_SECONDS):
            reply = self.answer(packet)
            if reply:
                await asyncio.sleep(self._spec.reply_delay)
                writer.write(reply)
                await writer.drain()

    def answer(self, packet: bytes) -> bytes:
        """The reply to what came in one piece, which is one request; empty for none."""
        if len(packet) < HEADER.size + 5:
            return b""
        transaction, protocol, length, unit = HEADER.unpack_from(packet)
        body = packet[HEADER.size : HEADER.size - 1 + length]
        if protocol != 0 or unit not in (self._spec.instance, ANY_UNIT) or len(body) < 5:
            return b""
        reply = self._reply(body)
        if not reply:
            return b""
        return HEADER.pack(transaction, 0, 1 + len(reply), unit) + reply

    def _reply(self, body: bytes) -> bytes:
        function, first, second = struct.unpack_from(">BHH", body)
        if function == 3:
            return self._read(first, second & 0xFF)
        if function == 6:
            self._log(function, first, [second], self._panel.write_one(first, second))
            return body[:5]
        if function == 16:
            words = [word for (word,) in struct.iter_unpack(">H", body[6 : 6 + 2 * second])]
            if len(words) == second:
                self._log(function, first, words, self._panel.write_many(first, words))
                return body[:5]
        return b""

    def _read(self, first: int, count: int) -> bytes:
        if not 0 < count <= LONGEST_READ:
            return b""
        words = self._panel.read(first, count)
        # One byte counts the bytes: from 128 registers on it is wrong, as in the real one.
        return struct.pack(f">BB{count}H", 3, 2 * count & 0xFF, *words)

    def _log(self, function: int, first: int, words: list[int], problem: str) -> None:
        line = f"{function:02} {first} {' '.join(map(str, words))}"
        if problem:
            logger.warning("%s: %s after %s", self._spec.name, problem, line)
        if self._spec.write_log:
            with Path(self._spec.write_log).open("a", encoding="utf-8") as log:
                log.write(f"{line}{' ' if problem else ''}{problem}\n")


async def serve(spec: DeviceSpec, clock: Clock, started: Callable[[], None]) -> None:
    """Is the panel, for ever. Calls `started` once it answers; raises AddressTakenError."""
    check_free(spec.address, spec.port, kind=socket.SOCK_STREAM)
    panel = Panel(spec)
    model = Model(spec, clock, panel)
    server = await asyncio.start_server(PanelServer(spec, panel).talk, spec.address, spec.port)
    async with server:
        started()
        await model.run()
