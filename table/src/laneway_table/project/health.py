"""How the projector is, for the kubelet and for people."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.probes import Page

HUNG_SECONDS = 300.0  # a database's statement ends after 15 s, a long poll after 10


class Health:
    """A database that is down makes it not ready and is no reason to begin anew; a thread that hangs is."""

    def __init__(self, monotonic: Callable[[], float], metrics: Callable[[], bytes]) -> None:
        """Not ready before the first word of trouble or of none."""
        self._monotonic = monotonic
        self._metrics = metrics
        self._lock = threading.Lock()
        self._beats: dict[str, float] = {}
        self._trouble: str | None = "the table is not prepared yet"
        self._heard = False

    def beat(self, thread: str) -> None:
        """A thread is alive."""
        with self._lock:
            self._beats[thread] = self._monotonic()

    def told(self, trouble: str | None) -> bool:
        """What is wrong with the database, or nothing; says whether that is news, as the first word always is."""
        with self._lock:
            news = not self._heard or (trouble is None) != (self._trouble is None)
            self._trouble, self._heard = trouble, True
            return news

    def page(self, path: str) -> Page:
        """`/healthz`, `/readyz` and `/metrics`."""
        match path:
            case "/healthz":
                return _page(self._hung(), "ok")
            case "/readyz":
                return _page(self._hung() or self._trouble, "ready")
            case "/metrics":
                return HTTPStatus.OK, self._metrics()
            case _:
                return HTTPStatus.NOT_FOUND, b"there are /healthz, /readyz and /metrics\n"

    def _hung(self) -> str | None:
        now = self._monotonic()
        with self._lock:
            late = [name for name, at in self._beats.items() if now - at > HUNG_SECONDS]
        return f"no sign of life for {HUNG_SECONDS:.0f} s: {', '.join(late)}" if late else None


def _page(trouble: str | None, fine: str) -> Page:
    if trouble is None:
        return HTTPStatus.OK, f"{fine}\n".encode()
    return HTTPStatus.SERVICE_UNAVAILABLE, f"{trouble}\n".encode()
