"""A TCP relay in front of a device: what is between us and it, and can lose, delay or spoil."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

OnReply = Callable[[bytes, bytes], Awaitable[bytes]]


async def untouched(request: bytes, reply: bytes) -> bytes:
    return reply


def function(packet: bytes) -> int:
    return packet[7]


def unit(packet: bytes) -> int:
    return packet[6]


def exception(request: bytes, code: int) -> bytes:
    """What a gateway would answer."""
    return request[:4] + struct.pack(">HBBB", 3, unit(request), function(request) | 0x80, code)


@dataclass
class Relay:
    """Hands requests on and lets `on_reply` decide about each reply. Counts what passes."""

    host: str
    port: int
    on_reply: OnReply = untouched
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    address: str = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection(self.host, self.port)
        try:
            while request := await reader.read(1024):
                self.requests.append(request)
                back.write(request)
                reply = await self.on_reply(request, await there.read(1024))
                writer.write(reply)
                await writer.drain()
        except OSError:
            pass  # the client is gone
        finally:
            for end in (writer, back):
                end.close()
            self._tasks.discard(task)

    def of(self, code: int) -> list[bytes]:
        """The requests with this function code."""
        return [request for request in self.requests if function(request) == code]
