"""Traces of jobs: what a tracer must do, and one that does nothing. OpenTelemetry's is in `adapters/tracing.py`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

from laneway_worker.ports.runtime import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from laneway.schema.job.result import ServedModel
    from laneway_worker.ports.queue import Delivery
    from laneway_worker.ports.request import Request
    from laneway_worker.ports.runtime import Answer, Runtime
    from laneway_worker.ports.stop import Stop


class Trace(Protocol):
    """Spans of the calling thread. No method raises, whatever a message holds."""

    def job(self, delivery: Delivery) -> AbstractContextManager[object]:
        """All work on a message, as a part of what its sender traces."""

    def part(self, name: str) -> AbstractContextManager[object]:
        """A part of the work on the thread's job; nothing where it has none."""

    def tell(self, fields: Mapping[str, object]) -> None:
        """How the thread's job ended: ids, codes, counts and seconds; never text."""

    def flush(self) -> None:
        """Send what is left, for a few seconds at most."""


class NoTrace:
    """Traces nothing."""

    def job(self, _delivery: Delivery) -> AbstractContextManager[object]:
        """Nothing."""
        return nullcontext()

    def part(self, _name: str) -> AbstractContextManager[object]:
        """Nothing."""
        return nullcontext()

    def tell(self, fields: Mapping[str, object]) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""


NO_TRACE = NoTrace()


class TracedRuntime:
    """A runtime whose generations are parts of their jobs."""

    def __init__(self, runtime: Runtime, trace: Trace) -> None:
        """`runtime` does the work."""
        self._runtime = runtime
        self._trace = trace

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:
        """As the runtime does."""
        return self._runtime.prepare(tell)

    def generate(self, request: Request, stop: Stop) -> Answer:
        """As the runtime does."""
        with self._trace.part("generate"):
            return self._runtime.generate(request, stop)

    def prove(self, stop: Stop) -> None:
        """As the runtime does."""
        self._runtime.prove(stop)

    def lingers(self) -> float:
        """As the runtime does."""
        return self._runtime.lingers()
