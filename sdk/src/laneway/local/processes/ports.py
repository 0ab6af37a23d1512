"""Free loopback ports."""

from __future__ import annotations

import secrets
import socket

from laneway.local.errors import LocalError

LOOPBACK = "127.0.0.1"
MOST_PORT = 65535
QUIET_PORTS = range(15_000, 32_768)
"""Linux gives the ports above to connections that go out: one of those may take a port before its server does."""
TRIES = 50


def free_port() -> int:
    """A port that nobody listens on now."""
    for _ in range(TRIES):
        port = secrets.choice(QUIET_PORTS)
        if _trouble_of(port) is None:
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def first_free_port(port: int) -> int:
    """The first one from `port` on that nobody listens on now."""
    for each in range(port, MOST_PORT):
        if _trouble_of(each) is None:
            return each
    return free_port()


def wanted_port(port: int | None, option: str) -> int:
    """The port that the user wants, or a free one; raises `LocalError` where it is in use."""
    if port is None:
        return free_port()
    if trouble := _trouble_of(port):
        raise LocalError(f"port {port}: {trouble}; choose another with {option}, or leave it out")
    return port


def _trouble_of(port: int) -> str | None:
    """Why nobody can listen on it now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.strerror
    return None
