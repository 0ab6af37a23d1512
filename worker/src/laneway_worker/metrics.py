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


OWN = ("pool", "lane")
"""The labels of every series."""


class Families:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        """Each lane fills them through a `Metrics`."""
        self.registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"laneway_{name}", text, (*OWN, *labels), registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"laneway_{name}", text, OWN, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...] = LONG_SECONDS) -> Histogram:
            return Histogram(f"laneway_{name}_seconds", text, OWN, buckets=buckets, registry=registry)

        self.jobs = counter("jobs", "Results committed", "status", "code")
        self.tokens = counter("tokens", "Tokens of results", "direction")
        self.gpu = counter("gpu_seconds", "Accelerator seconds of results")
        self.ends = counter("messages", "How messages left this worker", "end")
        self.wait = histogram("wait", "From first submission to the start")
        self.run = histogram("run", "From the start to the last token")
        self.first = histogram("first_token", "From the start to the first token")
        self.before = histogram("before_engine", "From receiving a message to its request", SHORT_SECONDS)
        self.after = histogram("after_engine", "From the last token to the stored result", SHORT_SECONDS)
        self.slots = gauge("slots", "Jobs the worker takes at once")
        self.busy = gauge("slots_busy", "Jobs being generated")
        self.leases = gauge("leases", "Messages held")
        self.lost = gauge("leases_lost_total", "Leases lost so far")
        self.waiting = gauge("jobs_waiting", "Jobs that wait for AWS")

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)


class Metrics:
    """One lane's series."""

    def __init__(self, families: Families, pool: str, lane: str) -> None:
        """Every series carries pool and lane."""
        self._own = own = {"pool": pool, "lane": lane}
        self._jobs = families.jobs
        self._tokens = families.tokens
        self._gpu = families.gpu
        self._ends = families.ends
        self._waiting = families.waiting
        self._wait = families.wait.labels(**own)
        self._run = families.run.labels(**own)
        self._first = families.first.labels(**own)
        self._before = families.before.labels(**own)
        self._after = families.after.labels(**own)
        self.slots = families.slots.labels(**own)
        self.busy = families.busy.labels(**own)
        self.leases = families.leases.labels(**own)
        self.lost = families.lost.labels(**own)

    def watch_waiting(self, count: Callable[[], int]) -> None:
        """Export how many jobs wait for AWS; nothing is received meanwhile."""
        self._waiting.labels(**self._own).set_function(count)

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
