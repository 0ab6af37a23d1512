"""`/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.probes import server_of
from laneway_gateway.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.probes import Page
    from laneway_gateway.adapters.metrics import Metrics
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.settings import Address

BEAT_SECONDS = 1.0
STALLED_SECONDS = 30.0  # of a loop that answers within milliseconds


class Pages:
    """How the process is, for the kubelet and Prometheus, who ask from threads of the server's."""

    def __init__(self, clock: Clock) -> None:
        """It starts."""
        self._clock = clock
        self._beat = clock.monotonic()
        self.why_not_ready = "it starts"
        """Empty while requests are taken."""
        self.metrics: Metrics | None = None
        """None before the pool's name is known."""

    @property
    def ready(self) -> bool:
        """Whether requests are taken."""
        return not self.why_not_ready

    async def run(self) -> None:
        """Show that the event loop goes round, until cancelled."""
        while True:
            self._beat = self._clock.monotonic()
            await self._clock.sleep(BEAT_SECONDS)

    def page(self, path: str) -> Page:
        """The answer for a path."""
        match path:
            case "/healthz":
                return self._healthz()
            case "/readyz":
                return _unless(self.why_not_ready)
            case "/metrics":
                return HTTPStatus.OK, self.metrics.text() if self.metrics else b""
            case _:
                return HTTPStatus.NOT_FOUND, b"try /healthz, /readyz or /metrics\n"

    def _healthz(self) -> Page:
        """Alive as long as the loop goes round; never dead because AWS is."""
        silence = self._clock.monotonic() - self._beat
        return _unless(f"no progress for {silence:.0f} s" if silence > STALLED_SECONDS else "")

    @contextmanager
    def served(self, address: Address | None) -> Iterator[None]:
        """Serve them meanwhile, where an address says so; raises `SettingsError` where it can't be listened on."""
        if address is None:
            yield
            return
        try:
            server = server_of(self.page, str(address))
        except OSError as error:
            words = f"LANEWAY_GATEWAY_PROBES: can't listen on {address}: {error.strerror}; choose another port"
            raise SettingsError(words) from None
        threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


def _unless(trouble: str) -> Page:
    return (HTTPStatus.SERVICE_UNAVAILABLE, f"{trouble}\n".encode()) if trouble else (HTTPStatus.OK, b"ok\n")
