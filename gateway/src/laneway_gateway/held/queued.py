"""How many jobs the lanes' queues hold, asked for once in a while for all requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway.client.remote import Figures
    from laneway_gateway.pool import Pool
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.queues import Queues

FIGURES_SECONDS = 5.0  # SQS counts approximately, and a minute late


class Queued:
    """The queues' approximate counts, of some seconds ago. Raises `PoolUnreachable`."""

    def __init__(self, queues: Queues, pool: Pool, clock: Clock) -> None:
        """Nothing is known."""
        self._queues = queues
        self._pool = pool
        self._clock = clock
        self._figures: dict[str, tuple[float, Figures]] = {}

    async def of(self, lane: str) -> Figures | None:
        """A lane's; None where there is no such lane."""
        now = self._clock.monotonic()
        at, figures = self._figures.get(lane, (-FIGURES_SECONDS, None))
        if figures is not None and now < at + FIGURES_SECONDS:
            return figures
        document = await self._pool.document()
        queue = next((each.queue for each in document.lanes if each.name == lane), None)
        if queue is None:
            return None
        self._figures[lane] = (now, await self._queues.figures(queue.url))
        return self._figures[lane][1]
