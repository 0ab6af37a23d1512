"""Generations as parts of their jobs' traces. OpenTelemetry's tracer is in `adapters/tracing.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.ports.replies import NO_CHANNEL
from laneway_worker.ports.runtime import silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.result import ServedModel
    from laneway.schema.pool.documents.model_facts import ModelFacts
    from laneway_worker.ports.replies import Channel
    from laneway_worker.ports.runtime import Answer, Runtime
    from laneway_worker.ports.stop import Stop
    from laneway_worker.ports.trace import Trace
    from laneway_worker.request.request import Request


class TracedRuntime:
    """A runtime whose generations are parts of their jobs."""

    def __init__(self, runtime: Runtime, trace: Trace) -> None:
        """`runtime` does the work."""
        self._runtime = runtime
        self._trace = trace

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:
        """As the runtime does."""
        return self._runtime.prepare(tell)

    def generate(self, request: Request, stop: Stop, channel: Channel = NO_CHANNEL) -> Answer:
        """As the runtime does."""
        with self._trace.part("generate"):
            return self._runtime.generate(request, stop, channel)

    def prove(self, stop: Stop) -> None:
        """As the runtime does."""
        self._runtime.prove(stop)

    def serves(self, wanted: int) -> int:
        """As the runtime does."""
        return self._runtime.serves(wanted)

    def facts(self) -> ModelFacts | None:
        """As the runtime does."""
        return self._runtime.facts()

    def lingers(self) -> float:
        """As the runtime does."""
        return self._runtime.lingers()
