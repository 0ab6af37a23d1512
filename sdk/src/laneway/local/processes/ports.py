"""Free loopback ports."""

from __future__ import annotations

import socket

from laneway.local.errors import LocalError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def wanted_port(port: int | None, option: str) -> int:
    """The port that the user wants, or a free one; raises `LocalError` where it is in use."""
    if port is None:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise LocalError(f"port {port}: {error.strerror}; choose another with {option}, or leave it out") from None
    return port
