"""The server on this machine: its port, its link, its end."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
EVERY = ""  # of its pod, whatever its addresses are
NAMES = ("127.0.0.1", "localhost")
SHUTDOWN_SECONDS = 2


def listening(port: int, address: str = LOOPBACK) -> socket.socket:
    """A socket, of this machine's alone unless another address is named; 0 takes a free port. Raises `OSError`."""
    if address == EVERY:
        return socket.create_server((EVERY, port), family=_family(), dualstack_ipv6=socket.has_dualstack_ipv6())
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
    except OSError:
        found.close()
        raise
    return found


def _family() -> socket.AddressFamily:
    return socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET


def hosts(port: int) -> frozenset[str]:
    """By which it is asked: another name that leads here is somebody's trick."""
    return frozenset(f"{name}:{port}" for name in NAMES)


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Until SIGINT or SIGTERM. Nothing is logged of requests: a path names a job."""
    uvicorn.Server(config(app)).run([listener])


def config(app: ASGIApp) -> uvicorn.Config:
    """Nothing is told that a request did not ask for."""
    return uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ws="none",
    )


def beside(work: Callable[[], None]) -> None:
    """In a thread that holds up no end: what it was at is kept."""
    threading.Thread(target=work, daemon=True).start()
