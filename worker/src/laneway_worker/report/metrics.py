"""What Prometheus can ask a worker: counts, seconds and tokens, never text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from laneway_worker.deliver.outcomes import Finished

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway.schema.job.result import Result
    from laneway_worker.deliver.outcomes import Outcome
    from laneway_worker.deliver.results import Committed
    from laneway_worker.ports.queue import Delivery
    from laneway_worker.report.tally import Tally

LONG_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1800, 3600, 14400)
SHORT_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)


disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotations - and would add a second series for each counter


OWN = ("pool", "lane")
"""The labels of every series."""


@dataclass(frozen=True)
class Described:
    """A metric, for the reference page."""

    name: str
    """As Prometheus shows it."""
    kind: str
    text: str
    labels: tuple[str, ...]
    """Besides those of every series."""


class Families:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        """Each lane fills them through a `Metrics`."""
        self.registry = CollectorRegistry()
        self.described: list[Described] = []
        counter, gauge, histogram = self._counter, self._gauge, self._histogram
        self.jobs = counter("jobs", "Results committed, by status and error code", "status", "code")
        self.tokens = counter("tokens", "Tokens of results, `in` and `out`", "direction")
        self.gpu = counter("gpu_seconds", "Accelerator seconds of results")
        self.wasted = counter("wasted_gpu_seconds", "Accelerator seconds whose answer was thrown away", "reason")
        self.ends = counter(
            "messages", "How messages left: `committed`, `duplicate`, `retried`, `released`, `lost`", "end"
        )
        self.events = counter(
            "events", "Results told to the pool's events queue: `done`, `later` by another delivery, `given_up`", "told"
        )
        self.redelivered = counter("redeliveries", "Messages received that had been received before")
        self.lost = counter("leases_lost", "Leases lost while a job was worked on")
        self.wait = histogram("wait", "From first submission to the start")
        self.run = histogram("run", "From the start to the last token")
        self.first = histogram("first_token", "From the start to the first token")
        self.before = histogram("before_engine", "From receiving a message to its request", SHORT_SECONDS)
        self.after = histogram("after_engine", "From the last token to the stored result", SHORT_SECONDS)
        self.slots = gauge("slots", "Jobs the worker takes at once: as many as its Ollama answers, at most parallel")
        self.busy = gauge("slots_busy", "Jobs being generated")
        self.leases = gauge("leases", "Messages held")
        self.waiting = gauge("jobs_waiting", "Jobs that wait for AWS")
        self.asked = counter(
            "engine_questions", "Questions of two tokens that Ollama was asked after a failure", "answered"
        )
        self.broken = gauge("engine_broken", "1 while Ollama is there and can't answer such a question")
        self.head = gauge("head_of_line_seconds", "Age of the message that came last, as it came; 0 once nothing waits")
        self.ready = gauge("ready", "1 while the worker's model is loaded; a dead-letter handler has none")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(self._described(name, "counter", text, *labels), text, (*OWN, *labels), registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(self._described(name, "gauge", text), text, OWN, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...] = LONG_SECONDS) -> Histogram:
        full_name = self._described(f"{name}_seconds", "histogram", text)
        return Histogram(full_name, text, OWN, buckets=buckets, registry=self.registry)

    def _described(self, name: str, kind: str, text: str, *labels: str) -> str:
        """Its full name."""
        ending = "_total" if kind == "counter" else ""
        self.described.append(Described(f"laneway_{name}{ending}", kind, text, labels))
        return f"laneway_{name}"

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)


class Metrics:
    """One lane's series."""

    def __init__(self, families: Families, pool: str, lane: str, tally: Tally) -> None:
        """Every series carries pool and lane; the tally is told of the same jobs."""
        self._tally = tally
        self._own = own = {"pool": pool, "lane": lane}
        self._jobs = families.jobs
        self._tokens = families.tokens
        self._gpu = families.gpu
        self._wasted = families.wasted
        self._ends = families.ends
        self._events = families.events
        self._waiting = families.waiting
        self._ready = families.ready
        self._slots = families.slots
        self._asked = families.asked
        self._broken = families.broken
        self._wait = families.wait.labels(**own)
        self._run = families.run.labels(**own)
        self._first = families.first.labels(**own)
        self._before = families.before.labels(**own)
        self._after = families.after.labels(**own)
        self.busy = families.busy.labels(**own)
        self.leases = families.leases.labels(**own)
        self._head = families.head.labels(**own)
        self._redelivered = families.redelivered.labels(**own)
        self._lost = families.lost.labels(**own)
        self._lost_before = 0

    def watch_waiting(self, count: Callable[[], int]) -> None:
        """Export how many jobs wait for AWS; nothing is received meanwhile."""
        self._waiting.labels(**self._own).set_function(count)

    def watch_ready(self, ready: Callable[[], bool]) -> None:
        """Export whether jobs can be served."""
        self._ready.labels(**self._own).set_function(ready)

    def watch_slots(self, slots: Callable[[], int]) -> None:
        """Export how many jobs are taken at once."""
        self._slots.labels(**self._own).set_function(slots)

    def watch_broken(self, broken: Callable[[], bool]) -> None:
        """Export whether the engine is broken."""
        self._broken.labels(**self._own).set_function(broken)

    def asked(self, answered: bool) -> None:  # noqa: FBT001 - yes or no
        """The engine was asked a question of ours."""
        self._asked.labels(**self._own, answered="yes" if answered else "no").inc()

    def received(self, delivery: Delivery, now: datetime) -> None:
        """A message came. What came before, or was sent to come later, does not tell how long the line is."""
        if delivery.receive_count > 1:
            self._redelivered.inc()
        elif not delivery.read_history().failures:
            age = max(0.0, (now - delivery.sent_at).total_seconds())
            self._head.set(age)
            self._tally.came(delivery, age)

    def nothing_waits(self) -> None:
        """The queue had nothing to give."""
        self._head.set(0)
        self._tally.nothing_waits()

    def finished(self, outcome: Outcome, committed: Committed | None, generated: float) -> None:
        """What became of a job; `generated` is the monotonic time of its last token."""
        if committed is not None and committed.ours:
            self._committed(committed.result, committed.at - generated)
            self._tally.ended(committed.result, outcome.task.foretold if isinstance(outcome, Finished) else None)
        elif isinstance(outcome, Finished) and outcome.result.cost is not None:
            self.wasted("released" if committed is None else "duplicate", outcome.result.cost.gpu_seconds)

    def _committed(self, result: Result, overhead_after: float) -> None:
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

    def wasted(self, reason: str, gpu_seconds: float) -> None:
        """An answer, whole or not, that nobody gets."""
        self._wasted.labels(**self._own, reason=reason).inc(gpu_seconds)

    def told(self, how: str) -> None:
        """A result was told to the events queue, or wasn't."""
        self._events.labels(**self._own, told=how).inc()

    def lost_so_far(self, total: int) -> None:
        """How many leases this process has lost; called by one thread."""
        self._lost.inc(total - self._lost_before)
        self._lost_before = total

    def ended(self, end: str) -> None:
        """How a message left: committed, duplicate, retried, released or lost."""
        self._ends.labels(**self._own, end=end).inc()
