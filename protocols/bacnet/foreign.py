"""Our registration as a foreign device with a BBMD (135-2020 clause J.5): who has one hears, and is
heard in, the other subnets that the BBMD knows."""

import asyncio
import enum
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from bacpypes3.ipv4.bvll import RegisterForeignDevice
from bacpypes3.pdu import IPv4Address

from protocols.backoff import retry_delay

log = logging.getLogger(__name__)

SUCCESS = 0x0000  # result codes of clause J.2.1
REFUSED = 0x0030
FIRST_RETRY = 5.0
LONGEST_RETRY = 60.0


class Answer(enum.StrEnum):
    """What the BBMD said to our last request."""

    NONE = "none"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Registration:
    """Kept up for as long as the network is open: renewed at half of its life, tried again with
    back-off while the BBMD refuses or is silent. One lost answer does not end what was granted."""

    def __init__(
        self,
        bbmd: str,
        *,
        lifetime: int,
        timeout: float,
        send: Callable[[Any], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = IPv4Address(bbmd)
        self.lifetime = lifetime
        self.answer = Answer.NONE
        self.timeout = timeout
        self._send = send
        self._clock = clock
        self._ends = -1.0
        self._failures = 0
        self._turn = asyncio.Lock()
        self._answered: asyncio.Future[int] | None = None
        self._lost = asyncio.Event()  # the BBMD does not know us any more
        self._task: asyncio.Task[None] | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the BBMD passes our broadcasts on, as far as we know."""
        return self._clock() < self._ends

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    def close(self) -> None:
        self._ends = -1.0
        if self._task is not None:
            self._task.cancel()

    def hear(self, source: Any, code: int) -> None:
        """A result that came, from whomever."""
        if source != self.address:
            return
        if self._answered is not None and not self._answered.done() and code in (SUCCESS, REFUSED):
            self._answered.set_result(code)
        elif code != SUCCESS:  # it did not pass on a broadcast: it was restarted, say
            self._ends = -1.0
            self._lost.set()

    async def register(self) -> Answer:
        """Asks once, now, and says what came of it."""
        async with self._turn:
            self._answered = asyncio.get_running_loop().create_future()
            asked = self._clock()
            await self._send(RegisterForeignDevice(self.lifetime, destination=self.address))
            try:
                async with asyncio.timeout(self.timeout):
                    code = await self._answered
                answer = Answer.ACCEPTED if code == SUCCESS else Answer.REFUSED
            except TimeoutError:
                answer = Answer.NONE
            finally:
                self._answered = None
            self._take(answer, asked)
        return answer

    def _take(self, answer: Answer, asked: float) -> None:
        if answer is Answer.ACCEPTED:
            self._ends = asked + self.lifetime
            self._failures = 0
            if self.answer is not Answer.ACCEPTED:
                log.info("registered with the BBMD %s for %d s", self.address, self.lifetime)
        else:
            if answer is Answer.REFUSED:
                self._ends = -1.0
            self._failures += 1
            if self._failures == 1:
                log.warning("no registration with the BBMD %s: %s", self.address, TOLD[answer])
        self.answer = answer

    async def _keep(self) -> None:
        while True:
            answer = await self.register()
            self._lost.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.pause(answer)):
                    await self._lost.wait()

    def pause(self, answer: Answer) -> float:
        """Seconds until it is asked again after such an answer."""
        renewal = self.lifetime / 2
        if answer is Answer.ACCEPTED:
            return renewal
        retry = retry_delay(self._failures, interval=FIRST_RETRY, longest=LONGEST_RETRY)
        return min(retry, renewal)


TOLD = {
    Answer.ACCEPTED: "it took us",
    Answer.REFUSED: "it refuses",
    Answer.NONE: "no answer",
}
