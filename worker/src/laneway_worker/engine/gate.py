"""When a lane takes jobs: while its engine can, and unless it sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.schedules.schedule import asleep

if TYPE_CHECKING:
    from laneway_worker.engine.engine import Engine
    from laneway_worker.live import Live
    from laneway_worker.ports.clock import Clock


class LaneGate:
    """The gate of one lane. Schedules are read from the worker's own clock: they hold with the operator down."""

    def __init__(self, live: Live, engine: Engine, clock: Clock) -> None:
        """The engine knows what it can take."""
        self._live = live
        self._engine = engine
        self._clock = clock

    @property
    def takes_jobs(self) -> bool:
        """Whether the engine can take another job."""
        return self._engine.takes_jobs

    def slots(self, wanted: int) -> int:
        """As many as the engine answers at once."""
        return min(wanted, self._engine.slots.number)

    @property
    def asleep(self) -> bool:
        """Whether the lane is suspended, or it is a quiet time of it."""
        live = self._live.now
        return asleep(live.suspended, live.quiet, self._clock.now())
