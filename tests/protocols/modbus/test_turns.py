import asyncio

from protocols.modbus.turns import Turns


class Queue:
    """Notes whose turn it was."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.order: list[str] = []

    async def use(self, name: str, *, first: bool = False, times: int = 1) -> None:
        for _ in range(times):
            async with self.turns.turn(first=first):
                self.order.append(name)
                await asyncio.sleep(0)  # somebody else could come in


async def test_who_comes_first_goes_before_all_who_wait() -> None:
    queue = Queue()
    await asyncio.gather(
        queue.use("a"), queue.use("b"), queue.use("c"), queue.use("d", first=True, times=3)
    )
    assert queue.order == ["a", "d", "d", "d", "b", "c"]


async def test_equals_take_turns() -> None:
    queue = Queue()
    await asyncio.gather(queue.use("a", times=2), queue.use("b", times=2), queue.use("c"))
    assert queue.order == ["a", "b", "c", "a", "b"]


async def test_who_gives_up_waiting_is_passed_over() -> None:
    queue = Queue()
    tasks = [asyncio.create_task(queue.use(name)) for name in "abc"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert queue.order == ["a", "c"]


async def test_who_gives_up_when_it_is_his_turn_passes_it_on() -> None:
    turns = Turns()
    holding = turns.turn()
    await holding.__aenter__()
    waiting = asyncio.create_task(turns.turn().__aenter__())
    await asyncio.sleep(0)
    await holding.__aexit__(None, None, None)
    # In the loop's order: it becomes his turn, he gives up, he would notice that it is his turn.
    asyncio.get_running_loop().call_soon(waiting.cancel)
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    async with asyncio.timeout(30), turns.turn():
        pass


async def test_an_error_ends_the_turn() -> None:
    queue = Queue()

    async def fail() -> None:
        async with queue.turns.turn():
            raise ValueError

    await asyncio.gather(fail(), queue.use("b"), return_exceptions=True)
    assert queue.order == ["b"]
