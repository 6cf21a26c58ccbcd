"""UDP ports for fixtures of whole modules; tests draw theirs from `free_port`."""

import socket


def any_port() -> int:
    """A UDP port that nobody has now, out of the range of the system's own choice."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
