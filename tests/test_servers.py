"""The test servers end with whoever started them, however that ends."""

import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.site import ROOT

PROGRAM = """
import sys
from tests.servers import RedisServer
server = RedisServer()
server.start()
print(server.port, server._place.folder, flush=True)
sys.stdin.read()
"""


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def killed() -> tuple[int, Path]:
    """Port and folder of a server whose starter was killed just now."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        port, folder = process.stdout.readline().split()
        assert is_open(int(port))
        assert Path(folder).is_dir()
        process.send_signal(signal.SIGKILL)
    return int(port), Path(folder)


async def test_a_server_whose_test_run_is_killed_ends_and_leaves_no_folder(
    killed: tuple[int, Path], until: Callable[[Callable[[], object]], Awaitable[None]]
) -> None:
    port, folder = killed
    await until(lambda: not is_open(port))
    await until(lambda: not folder.exists())
