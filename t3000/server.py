"""Daphne with our settings: the same in the web process and in the one that holds everything."""

import socket
from collections.abc import Callable

from daphne.server import Server
from twisted.internet import reactor

from t3000.asgi import application


def make_server(bind: str, port: int, on_ready: Callable[[], None]) -> Server:
    host = bind.replace(":", r"\:")
    return Server(
        application,
        endpoints=[f"tcp:port={port}:interface={host}"],
        ready_callable=on_ready,
        server_name="t3000",
        # A client that does not close its socket must not hold the end up.
        application_close_timeout=1,
        websocket_timeout=-1,
    )


def before_stop(action: Callable[[], None]) -> None:
    """Twisted tells of the signal before it closes its sockets."""
    reactor.addSystemEventTrigger("before", "shutdown", action)  # type: ignore[arg-type]  # its own documentation


def check_port(bind: str, port: int) -> None:
    """Says what is wrong before anything is started. Raises ValueError."""
    if not 0 < port < 65536:
        raise ValueError(f"--port {port} is not a port; choose one from 1 to 65535.")
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise ValueError(
                f"{bind} port {port} cannot be opened: {error.strerror}. "
                "Is it running already? Choose another with --port or --bind."
            ) from error


def url_of(bind: str, port: int) -> str:
    """What to type into a browser."""
    if bind in ("0.0.0.0", "::"):  # noqa: S104  only asked, not bound here
        bind = socket.gethostname()
    return f"http://[{bind}]:{port}/" if ":" in bind else f"http://{bind}:{port}/"
