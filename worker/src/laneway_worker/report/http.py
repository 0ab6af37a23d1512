"""`/livez`, `/livez/engine`, `/readyz` and `/metrics` over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.probes import Page
    from laneway_worker.report.metrics import Families


class Readiness(Protocol):
    """Whether jobs can be served."""

    @property
    def ready_enough(self) -> bool:
        """As the kubelet should see it."""

    @property
    def trouble(self) -> str:
        """Why not."""

    @property
    def sick(self) -> str:
        """Why the engine should be started anew; empty where it should not."""


class Health:
    """What the pages say."""

    def __init__(self, stalled: Callable[[], list[str]], readiness: Readiness, families: Families) -> None:
        """`stalled` names the loops that make no progress."""
        self._stalled = stalled
        self._readiness = readiness
        self._families = families

    def page(self, path: str) -> Page:
        """The answer for a path."""
        match path:
            case "/livez":
                return self._livez()
            case "/livez/engine":
                return self._engine_livez()
            case "/readyz":
                return self._readyz()
            case "/metrics":
                return HTTPStatus.OK, self._families.text()
            case _:
                return HTTPStatus.NOT_FOUND, b"try /livez, /livez/engine, /readyz or /metrics\n"

    def _livez(self) -> Page:
        """Alive as long as the loops make progress; never dead because AWS or Ollama is."""
        stalled = self._stalled()
        if stalled:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"no progress: {', '.join(stalled)}\n".encode()
        return HTTPStatus.OK, b"ok\n"

    def _engine_livez(self) -> Page:
        """Asked by whoever can start the engine anew: it is not asked itself, since it may answer and yet be unwell."""
        sick = self._readiness.sick
        return (HTTPStatus.SERVICE_UNAVAILABLE, f"{sick}\n".encode()) if sick else (HTTPStatus.OK, b"ok\n")

    def _readyz(self) -> Page:
        """Ready when the model is loaded."""
        if self._readiness.ready_enough:
            return HTTPStatus.OK, b"ok\n"
        return HTTPStatus.SERVICE_UNAVAILABLE, f"{self._readiness.trouble}\n".encode()
