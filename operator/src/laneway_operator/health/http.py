"""`/healthz`, `/readyz` and `/metrics` over HTTP, from a thread that no busy event loop holds up."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.probes import Server, server_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from laneway.probes import Page


class Health:
    """What the pages say."""

    def __init__(
        self, stalled: Callable[[], Mapping[str, float]], unready: Callable[[], str], metrics: Callable[[], bytes]
    ) -> None:
        """`stalled` names what makes no progress, and for how many seconds; `unready` what a start still waits for."""
        self._stalled = stalled
        self._unready = unready
        self._metrics = metrics

    def page(self, path: str) -> Page:
        """The answer for a path."""
        match path:
            case "/healthz":
                return self._healthz()
            case "/readyz":
                return self._readyz()
            case "/metrics":
                return HTTPStatus.OK, self._metrics()
            case _:
                return HTTPStatus.NOT_FOUND, b"try /healthz, /readyz or /metrics\n"

    def _healthz(self) -> Page:
        """Alive as long as everything moves; never dead because AWS or the API server is."""
        stalled = ", ".join(f"{name} for {seconds:.0f} s" for name, seconds in self._stalled().items())
        if stalled:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"no progress: {stalled}\n".encode()
        return HTTPStatus.OK, b"ok\n"

    def _readyz(self) -> Page:
        """Ready once it knows everything and reconciles, or would: a standby is ready as well."""
        waiting = self._unready()
        if waiting:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {waiting}\n".encode()
        return self._healthz()


def serve(health: Health, address: str) -> Server:
    """Serve `host:port` in a thread until it is shut down. Raises OSError where the port is in use."""
    server = server_of(health.page, address)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
