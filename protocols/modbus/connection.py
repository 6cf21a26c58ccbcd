"""One TCP connection to one address, which may lead to several units.

pymodbus frames, matches and decodes; what it would do by itself is switched off: it neither
reconnects nor repeats a request. One request is in flight at a time; those of a command go before
those of polls that wait. After a request that was not answered the connection is dropped, so that
an answer that comes late finds nobody.
"""

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable, Sequence

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse

from protocols.errors import CodecError, Timeout, Unreachable
from protocols.modbus.failures import IN_DOUBT, translate
from protocols.modbus.turns import Turns
from protocols.types import Endpoint

# It tells each time-out as an error; ours carry the device and go to whoever asked.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


READ = 3  # the function


class LostError(Exception):
    """The connection ended before the answer."""


class OddReplyError(Exception):
    """An answer that cannot be decoded."""


class Decoder(DecodePDU):
    """pymodbus', with registers unpacked at once: its own takes them one by one and writes each
    reply down for a log that nobody reads, which is most of the time that a long reply takes."""

    def decode(self, frame: bytes) -> ModbusPDU | None:
        if frame[0] != READ:
            return super().decode(frame)
        if len(frame) < 2 or frame[1] != len(frame) - 2 or frame[1] % 2:
            return None
        return ReadHoldingRegistersResponse(
            registers=struct.unpack_from(f">{frame[1] // 2}H", frame, 2)
        )


class Framer(FramerSocket):
    """Hands what cannot be decoded to whoever waits for it; pymodbus would raise into asyncio."""

    def __init__(self, on_odd: Callable[[Exception], None]) -> None:
        super().__init__(Decoder(False))
        self._on_odd = on_odd

    def handleFrame(  # noqa: N802  pymodbus' name
        self, data: bytes, exp_devid: int, exp_tid: int
    ) -> tuple[int, ModbusPDU | None]:
        try:
            return super().handleFrame(data, exp_devid, exp_tid)
        except ModbusException as error:
            self._on_odd(OddReplyError(str(error)))
            return len(data), None


class Connection:
    """Opened by the first request, again by the next one after it was lost."""

    def __init__(self, host: str, port: int, *, source: str, timeout: float, retries: int) -> None:
        self._host, self._port, self._source = host, port, source
        self._timeout = timeout
        self._tries = retries + 1
        self._turns = Turns()
        self._client: AsyncModbusTcpClient | None = None
        self._is_waiting = False
        self._closed = False
        self.sessions = 0  # opened so far

    @property
    def session(self) -> int | None:
        """Which of its sessions it is in, None between two."""
        is_open = self._client is not None and self._client.connected
        return self.sessions if is_open else None

    async def read(
        self, endpoint: Endpoint, registers: range, *, first: bool = False
    ) -> Sequence[int]:
        """The registers, asked for again after a time-out or a lost connection. `first`: before
        others who wait."""
        for left in reversed(range(self._tries)):
            try:
                reply = await self._request(
                    endpoint,
                    lambda client: client.read_holding_registers(
                        registers.start, count=len(registers), device_id=endpoint.instance
                    ),
                    first=first,
                )
            except Timeout:
                if left:
                    continue
                raise
            if reply.function_code != READ or len(reply.registers) != len(registers):
                self._drop()
                raise CodecError(
                    f"asked for {len(registers)} registers from {registers.start}, got {reply}",
                    endpoint=endpoint,
                )
            return reply.registers
        raise AssertionError("unreachable: the last try returns or raises")

    async def write_register(
        self, endpoint: Endpoint, register: int, word: int, *, session: int
    ) -> None:
        """Function 06, sent once, and only in the session in which the device said who it is."""
        reply = await self._request(
            endpoint,
            lambda client: client.write_register(register, word, device_id=endpoint.instance),
            session=session,
        )
        written = (reply.function_code, reply.address, list(reply.registers))
        self._expect(endpoint, written, (6, register, [word]))

    async def write_registers(
        self, endpoint: Endpoint, first: int, words: list[int], *, session: int
    ) -> None:
        """Function 16, likewise."""
        reply = await self._request(
            endpoint,
            lambda client: client.write_registers(first, words, device_id=endpoint.instance),
            session=session,
        )
        written = (reply.function_code, reply.address, reply.count)
        self._expect(endpoint, written, (16, first, len(words)))

    def _expect(self, endpoint: Endpoint, written: object, expected: object) -> None:
        """A write that was answered by something else may have happened."""
        if written != expected:
            self._drop()
            raise CodecError(f"the device confirmed {written}, not {expected}", endpoint=endpoint)

    async def _request(
        self,
        endpoint: Endpoint,
        send: Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]],
        *,
        first: bool = True,
        session: int | None = None,
    ) -> ModbusPDU:
        """Sends once and takes the answer; a write only in its session. Raises errors of the tree
        only."""
        async with self._turns.turn(first=first):
            if session is not None and session != self.session:
                raise Unreachable("the connection was lost before this was sent", endpoint=endpoint)
            client = await self._open(endpoint)
            self._is_waiting = True
            try:
                reply = await send(client)
                self._is_waiting = False
            except LostError:
                raise Timeout(
                    "the device closed the connection before it answered", endpoint=endpoint
                ) from None
            except OddReplyError as error:
                raise CodecError("the reply makes no sense", endpoint=endpoint) from error
            except ModbusException as error:  # with no repetitions it raises these for time-outs
                raise Timeout("no answer", endpoint=endpoint) from error
            finally:
                if self._is_waiting:  # also when it was cancelled
                    self._is_waiting = False
                    self._drop()
        if isinstance(reply, ExceptionResponse):
            refusal = translate(reply.exception_code, endpoint)
            if session is not None and reply.exception_code in IN_DOUBT:
                raise Timeout(refusal.message, endpoint=endpoint)
            raise refusal
        return reply

    async def _open(self, endpoint: Endpoint) -> AsyncModbusTcpClient:
        if self._closed:
            raise Unreachable("the network is not open", endpoint=endpoint)
        if self._client is not None and self.session is not None:
            return self._client
        client = AsyncModbusTcpClient(
            self._host,
            port=self._port,
            timeout=self._timeout,
            retries=0,
            reconnect_delay=0,
            source_address=(self._source, 0),
            trace_connect=lambda is_up: None if is_up else self._fail(client, LostError()),
        )
        client.ctx.framer = Framer(lambda error: self._fail(client, error))
        try:
            async with asyncio.timeout(self._timeout):
                # Not client.connect(): that keeps the reason to itself.
                await client.ctx.call_create()
        except TimeoutError:
            raise Timeout("no answer to a connection", endpoint=endpoint) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unreachable(f"cannot be connected: {reason}", endpoint=endpoint) from error
        self._client = client
        self.sessions += 1
        return client

    def _fail(self, client: AsyncModbusTcpClient, error: Exception) -> None:
        """Ends the wait for an answer, if somebody waits."""
        if self._is_waiting and not client.ctx.response_future.done():
            client.ctx.response_future.set_exception(error)

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def close(self) -> None:
        """For good; what is in flight times out."""
        self._closed = True
        self._drop()
