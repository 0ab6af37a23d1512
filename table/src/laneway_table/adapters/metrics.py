"""The projector's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from laneway_table.ports.figures import Refusal

REFUSED = "laneway_table_refused"
LAGS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
WRITES = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)


class Metrics:
    """In a registry of its own."""

    def __init__(self) -> None:
        """At zero."""
        self.registry = CollectorRegistry()
        self._rows = Counter("laneway_table_rows", "Rows that were written.", registry=self.registry)
        self._repeats = Counter(
            "laneway_table_repeats", "Events whose row, or a newer one, was there.", registry=self.registry
        )
        self._refused = Counter(
            REFUSED,
            "Deliveries that are left to the dead letters, by reason: unreadable, foreign, row.",
            ["reason"],
            registry=self.registry,
        )
        self._expired = Counter("laneway_table_expired", "Rows deleted for their age.", registry=self.registry)
        self._lag = Histogram(
            "laneway_table_lag_seconds", "From an event's sending to its row.", buckets=LAGS, registry=self.registry
        )
        self._write = Histogram(
            "laneway_table_write_seconds", "What the database took for a batch.", buckets=WRITES, registry=self.registry
        )
        self._up = Gauge("laneway_table_up", "Whether the database takes rows: 1 or 0.", registry=self.registry)

    def wrote(self, rows: int, repeats: int, seconds: float) -> None:
        """A batch."""
        self._rows.inc(rows)
        self._repeats.inc(repeats)
        self._write.observe(seconds)

    def lagged(self, seconds: float) -> None:
        """Clocks differ: never less than nothing."""
        self._lag.observe(max(0.0, seconds))

    def refused(self, reason: Refusal) -> None:
        """One delivery."""
        self._refused.labels(reason).inc()

    def expired(self, rows: int) -> None:
        """A batch."""
        self._expired.inc(rows)

    def reachable(self, *, database: bool) -> None:
        """As of the last try."""
        self._up.set(int(database))

    @property
    def described(self) -> tuple[tuple[str, str, tuple[str, ...], str], ...]:
        """Name, kind, labels and text of each, for the reference page."""
        found = [(each.name, each.type, each.documentation) for each in self.registry.collect()]
        return tuple(
            (f"{name}_total" if kind == "counter" else name, kind, ("reason",) if name == REFUSED else (), text)
            for name, kind, text in found
        )

    def page(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)
