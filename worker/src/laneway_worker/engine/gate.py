"""When a lane takes jobs: while its engine can, and unless it sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.schedules.schedule import asleep

if TYPE_CHECKING:
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway_worker.engine.engine import Engine
    from laneway_worker.ports.clock import Clock


class LaneGate:
    """The gate of one lane. Schedules are read from the worker's own clock: they hold with the operator down."""

    def __init__(self, config: LaneConfig, engine: Engine, clock: Clock) -> None:
        """The engine knows what it can take."""
        self._config = config
        self._engine = engine
        self._clock = clock

    @property
    def takes_jobs(self) -> bool:
        """Whether the engine can take another job."""
        return self._engine.takes_jobs

    @property
    def asleep(self) -> bool:
        """Whether the pool is suspended, or it is a quiet time of the lane."""
        return asleep(self._config.suspended, self._config.quiet, self._clock.now())
