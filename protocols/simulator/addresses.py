"""Addresses that are taken: found out before a server is started on one."""

import errno
import socket


class AddressTakenError(OSError):
    """The device's address cannot be bound; says which, and why."""


def check_free(
    address: str,
    port: int,
    *,
    kind: socket.SocketKind = socket.SOCK_DGRAM,
    shared: bool = False,
) -> None:
    """Raises AddressTakenError. `shared`: with those who share it too it counts as free."""
    try:
        with socket.socket(socket.AF_INET, kind) as probe:
            if shared:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if kind is socket.SOCK_STREAM:  # what lingers of ended connections is no server
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken by another program" if taken else f"cannot be bound: {error.strerror}"
        raise AddressTakenError(f"{address}:{port} {reason}") from error
