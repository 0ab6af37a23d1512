"""What Prometheus can ask the operator."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client import Counter as CounterMetric
from prometheus_client.core import GaugeMetricFamily

from laneway_operator.reasons import CONDITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from laneway_operator.known.world import PoolCondition

PASS_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60)
POOL_CONDITION = "laneway_pool_condition"
POOL_LABELS = ("namespace", "pool", "type", "status", "reason")
STATES = ("True", "False", "Unknown")

disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotations - and would add a second series for each counter


class PoolConditions:
    """Asked at each scrape: what a condition was before has no series."""

    def __init__(self, conditions: Callable[[], Collection[PoolCondition]]) -> None:
        """`conditions` are those of now."""
        self._conditions = conditions

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As prometheus_client asks for it."""
        family = GaugeMetricFamily(POOL_CONDITION, "Conditions of pools", labels=POOL_LABELS)
        for each in self._conditions():
            namespace, name = each.pool
            family.add_metric((namespace, f"{namespace}/{name}", each.type, each.status, each.reason), 1)
        yield family


class Metrics:
    """All of one process, in a registry of their own."""

    def __init__(self) -> None:
        """Serves all threads."""
        self._registry = registry = CollectorRegistry()
        self.described: list[tuple[str, str, tuple[str, ...], str]] = []
        """Name, kind, labels and meaning of each, for the reference page."""

        def named(name: str, kind: str, text: str, *labels: str) -> str:
            full = f"laneway_operator_{name}"
            self.described.append((full + ("_total" if kind == "counter" else ""), kind, labels, text))
            return full

        def counter(name: str, text: str, *labels: str) -> CounterMetric:
            return CounterMetric(named(name, "counter", text, *labels), text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(named(name, "gauge", text, *labels), text, labels, registry=registry)

        self._passes = counter(
            "reconciles", "Passes over a pool, by how they ended: `done`, `again`, `unreachable`, `defect`", "end"
        )
        text = "Seconds of one pass over a pool"
        name = named("reconcile_seconds", "histogram", text)
        self._seconds = Histogram(name, text, buckets=PASS_SECONDS, registry=registry)
        self._calls = counter(
            "api_calls", "Calls to the API server, by verb and HTTP status; `none`: no answer", "verb", "code"
        )
        self._depth = gauge("queue_depth", "Pools that are due and wait to be looked at")
        self._oldest = gauge("queue_oldest_seconds", "For how long the first of them has been due")
        self._leader = gauge("leader", "1 for the active operator, 0 for a standby")
        text = "Lanes whose workers are being replaced, `rolling`, and those that wait for their turn, `waiting`"
        self._rollouts = gauge("rollouts", text, "state")
        self._pools = gauge("pools", "Pools, by condition and its status", "condition", "status")
        text = "1 for each condition of each pool as it is; `pool` is `NAMESPACE/NAME`"
        self.described.append((POOL_CONDITION, "gauge", POOL_LABELS, text))
        self._silence = gauge(
            "watch_silence_seconds", "Since the API server last gave a sign on a list or watch", "path"
        )
        self._refused = gauge(
            "list_refused_seconds",
            "For how long the API server has refused a list or watch, 0 where it doesn't; one that never came counts "
            "as empty after 60 s",
            "path",
        )
        self._refreshers: list[Callable[[], None]] = []

    def passed(self, end: str, seconds: float) -> None:
        """A pass over a pool ended."""
        self._passes.labels(end=end).inc()
        self._seconds.observe(seconds)

    def called(self, verb: str, code: str) -> None:
        """A call to the API server ended."""
        self._calls.labels(verb=verb, code=code).inc()

    def watch_queue(self, depth: Callable[[], float], oldest: Callable[[], float]) -> None:
        """Where the work queue's figures come from."""
        self._depth.set_function(depth)
        self._oldest.set_function(oldest)

    def watch_leader(self, leads: Callable[[], bool]) -> None:
        """Where it is known who leads."""
        self._leader.set_function(leads)

    def watch_rollouts(self, rolling: Callable[[], float], waiting: Callable[[], float]) -> None:
        """Where it is known who is replaced, and who waits."""
        self._rollouts.labels(state="rolling").set_function(rolling)
        self._rollouts.labels(state="waiting").set_function(waiting)

    def watch_silences(
        self, silences: Callable[[], Mapping[str, float]], refusals: Callable[[], Mapping[str, float]]
    ) -> None:
        """Where it is known how the watches do."""

        def refresh() -> None:
            for gauge, values in ((self._silence, silences()), (self._refused, refusals())):
                for path, seconds in values.items():
                    gauge.labels(path=path).set(seconds)

        self._refreshers.append(refresh)

    def watch_pools(self, conditions: Callable[[], Collection[PoolCondition]]) -> None:
        """Where it is known how pools are."""
        self._registry.register(PoolConditions(conditions))

        def refresh() -> None:
            counts = Counter((each.type, each.status) for each in conditions())
            for kind in CONDITIONS:
                for state in STATES:
                    self._pools.labels(condition=kind, status=state).set(counts.get((kind, state), 0))

        self._refreshers.append(refresh)

    def text(self) -> bytes:
        """The exposition format."""
        for refresh in self._refreshers:
            refresh()
        return generate_latest(self._registry)
