"""The server on this machine: its port, its link, its end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
SHUTDOWN_SECONDS = 2


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
