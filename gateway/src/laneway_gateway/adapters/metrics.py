"""What Prometheus can ask a gateway: counts and seconds, never text. It implements `laneway_gateway.ports.figures`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client.metrics_core import Metric

    from laneway_gateway.desk import Limit

ANSWER_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1800, 3600)
FIRST_SECONDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 40, 80, 160, 320, 640)

LIMITED = ("tenant", "quota")

disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotations - and would add a second series for each counter


@dataclass(frozen=True)
class Described:
    """A metric, for the reference page."""

    name: str
    """As Prometheus shows it."""
    kind: str
    labels: tuple[str, ...]
    """Besides `pool`."""
    text: str


class _Limits(Collector):
    """Bounds of tenants that come and go with the keys file: what is no tenant's any more has no series."""

    def __init__(self, pool: str, used: str, limit: str) -> None:
        """Nobody has any."""
        self.known: Callable[[], Iterable[tuple[str, Limit]]] = tuple
        self._pool = pool
        self._used, self._limit = used, limit

    def collect(self) -> Iterable[Metric]:
        """As they are known when somebody asks."""
        labels = ("pool", *LIMITED)
        used, most = GaugeMetricFamily(self._used, "", None, labels), GaugeMetricFamily(self._limit, "", None, labels)
        for tenant, limit in self.known():
            used.add_metric((self._pool, tenant, limit.name), limit.used)
            most.add_metric((self._pool, tenant, limit.name), limit.most)
        return used, most


class Metrics:
    """All of one process, in a registry of their own; every series has the label `pool`."""

    def __init__(self, pool: str) -> None:
        """`pool` is its `namespace/name`."""
        self._pool = pool
        self._registry = registry = CollectorRegistry()
        self.described: list[Described] = []

        def named(name: str, kind: str, text: str, labels: tuple[str, ...]) -> str:
            full = f"laneway_gateway_{name}"
            self.described.append(Described(full + ("_total" if kind == "counter" else ""), kind, labels, text))
            return full

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(named(name, "counter", text, labels), text, ("pool", *labels), registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(named(name, "gauge", text, ()), text, ("pool",), registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            name = named(name, "histogram", text, ("door",))
            return Histogram(name, text, ("pool", "door"), buckets=buckets, registry=registry)

        self._answered = counter(
            "requests", "Requests, by HTTP status; 499: the client left before its answer", "door", "path", "status"
        )
        self._seconds = histogram("request_seconds", "From a request to the end of its answer", ANSWER_SECONDS)
        self._first = histogram(
            "first_token_seconds", "From a request to the first words of its streamed answer", FIRST_SECONDS
        )
        self._held = gauge("held", "Requests that wait for their jobs' results")
        self._streams = gauge("streams", "Jobs of which a worker tells while it generates")
        self._most = gauge("held_most", "How many requests may be held at once")
        self._memory = gauge("memory_bytes", "Memory of bodies until their jobs are sent, and of answers until told")
        self._most_memory = gauge("memory_bytes_most", "How much of it there may be at once")
        self._ready = gauge("ready", "1 while requests are taken; 0 at the start, and once it is to stop")
        self._keys = gauge("keys_broken", "1 while the keys file can't be used, and the keys of before count")
        self._troubles = counter(
            "aws_troubles", "Calls to S3 (`s3`) and SQS (`sqs`) that failed, or had no answer in time", "service"
        )
        self._over_quota = counter("quota_refused", "Requests of a key that had used up a quota", "tenant", "quota")
        self._silence = gauge("quota_silence_seconds", "Since what keys use at other gateways was last known")
        words = "What a key with a quota has used, at all gateways as far as known here: of this day of UTC, or now"
        self._limits = _Limits(
            pool,
            named("quota_used", "gauge", words, LIMITED),
            named("quota_limit", "gauge", "How much of it there may be", LIMITED),
        )
        registry.register(self._limits)
        self.held(0)
        for service in ("s3", "sqs"):
            self._troubles.labels(pool, service)  # what has never been is 0, and its rate can be asked for

    def answered(self, door: str, path: str, status: int, seconds: float) -> None:
        """A request is over."""
        self._answered.labels(self._pool, door, path, str(status)).inc()
        self._seconds.labels(self._pool, door).observe(seconds)

    def first_token(self, door: str, seconds: float) -> None:
        """A streamed answer has begun to say something."""
        self._first.labels(self._pool, door).observe(seconds)

    def held(self, count: int) -> None:
        """So many requests are held now."""
        self._held.labels(self._pool).set(count)

    def over_quota(self, tenant: str, quota: str) -> None:
        """A request is refused for a quota."""
        self._over_quota.labels(self._pool, tenant, quota).inc()

    def watch_quotas(self, known: Callable[[], Iterable[tuple[str, Limit]]], silence: Callable[[], float]) -> None:
        """Where it is known what tenants may use and have used, and for how long nothing was heard of others."""
        self._limits.known = known
        self._silence.labels(self._pool).set_function(silence)

    def trouble(self, service: str) -> None:
        """A call to `s3` or `sqs` came to nothing."""
        self._troubles.labels(self._pool, service).inc()

    def room(self, most: int, most_bytes: int) -> None:
        """So many requests may be held, and so much memory may be taken."""
        self._most.labels(self._pool).set(most)
        self._most_memory.labels(self._pool).set(most_bytes)

    def watch_memory(self, taken: Callable[[], int]) -> None:
        """Where it is known how much memory is taken."""
        self._memory.labels(self._pool).set_function(taken)

    def watch_streams(self, streams: Callable[[], int]) -> None:
        """Where it is known of how many jobs workers tell."""
        self._streams.labels(self._pool).set_function(streams)

    def watch_ready(self, ready: Callable[[], bool]) -> None:
        """Where it is known whether requests are taken."""
        self._ready.labels(self._pool).set_function(ready)

    def watch_keys(self, broken: Callable[[], bool]) -> None:
        """Where it is known whether the keys file can be used."""
        self._keys.labels(self._pool).set_function(broken)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
