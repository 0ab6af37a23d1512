"""What Prometheus can ask a worker: counts, seconds and tokens, never text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.result import Result

LONG_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1800, 3600, 14400)
SHORT_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)


disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotations - and would add a second series for each counter


class Metrics:
    """One worker's metrics, in a registry of their own."""

    def __init__(self, pool: str, lane: str) -> None:
        """Every series carries pool and lane."""
        self.registry = CollectorRegistry()
        self._own = {"pool": pool, "lane": lane}
        names = tuple(self._own)
        registry = self.registry

        def histogram(name: str, text: str, buckets: tuple[float, ...] = LONG_SECONDS) -> Histogram:
            return Histogram(f"laneway_{name}_seconds", text, names, buckets=buckets, registry=registry).labels(
                **self._own
            )

        self._jobs = Counter("laneway_jobs", "Results committed", (*names, "status", "code"), registry=registry)
        self._tokens = Counter("laneway_tokens", "Tokens of results", (*names, "direction"), registry=registry)
        self._gpu = Counter("laneway_gpu_seconds", "Accelerator seconds of results", names, registry=registry)
        self._ends = Counter("laneway_messages", "How messages left this worker", (*names, "end"), registry=registry)
        self._wait = histogram("wait", "From first submission to the start")
        self._run = histogram("run", "From the start to the last token")
        self._first = histogram("first_token", "From the start to the first token")
        self._before = histogram("before_engine", "From receiving a message to its request", SHORT_SECONDS)
        self._after = histogram("after_engine", "From the last token to the stored result", SHORT_SECONDS)
        self.slots = Gauge("laneway_slots", "Jobs the worker takes at once", names, registry=registry).labels(
            **self._own
        )
        self.busy = Gauge("laneway_slots_busy", "Jobs being generated", names, registry=registry).labels(**self._own)
        self.leases = Gauge("laneway_leases", "Messages held", names, registry=registry).labels(**self._own)
        self.lost = Gauge("laneway_leases_lost_total", "Leases lost so far", names, registry=registry).labels(
            **self._own
        )

    def watch_waiting(self, count: Callable[[], int]) -> None:
        """Export how many jobs wait for AWS; nothing is received meanwhile."""
        gauge = Gauge("laneway_jobs_waiting", "Jobs that wait for AWS", tuple(self._own), registry=self.registry)
        gauge.labels(**self._own).set_function(count)

    def committed(self, result: Result, overhead_after: float) -> None:
        """A result that this worker wrote; `overhead_after` seconds from its last token to the stored result."""
        code = result.error.code.value if result.error else ""
        self._jobs.labels(**self._own, status=result.status, code=code).inc()
        timing = result.timing
        self._wait.observe(timing.queued_seconds)
        self._after.observe(overhead_after)
        if timing.started_at is not None:
            self._run.observe(timing.run_seconds)
            self._before.observe((timing.started_at - timing.received_at).total_seconds())
            if timing.first_token_at is not None:
                self._first.observe((timing.first_token_at - timing.started_at).total_seconds())
        if result.usage is not None:
            self._tokens.labels(**self._own, direction="in").inc(result.usage.prompt_tokens)
            self._tokens.labels(**self._own, direction="out").inc(result.usage.completion_tokens)
        if result.cost is not None:
            self._gpu.labels(**self._own).inc(result.cost.gpu_seconds)

    def ended(self, end: str) -> None:
        """How a message left: committed, duplicate, retried, released or lost."""
        self._ends.labels(**self._own, end=end).inc()

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
