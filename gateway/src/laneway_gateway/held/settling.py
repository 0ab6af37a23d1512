"""Finds what jobs have used for which nobody waits any more."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.held.ids import beginning_of

if TYPE_CHECKING:
    from laneway_gateway.held.records.results import Results
    from laneway_gateway.held.registry import Registry
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.usage.usage import Usage

LOOK_SECONDS = 20.0


class Settling:
    """Reads the results of jobs that were sent here by keys with a quota: those that are waited for are read anyway."""

    def __init__(self, registry: Registry, results: Results, usage: Usage, clock: Clock) -> None:
        """All four are the desk's."""
        self._registry = registry
        self._results = results
        self._usage = usage
        self._clock = clock

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """One listing for the jobs of each gateway. What can't be reached now, the next look may."""
        waited_for = {each.id for each in self._registry.waited_for()}
        gateways: dict[str, list[str]] = defaultdict(list)
        for job_id in self._usage.open:
            if job_id not in waited_for:
                gateways[beginning_of(job_id)].append(job_id)
        for ids in gateways.values():
            with suppress(PoolUnreachable):
                for job_id in sorted(await self._results.ended(ids)):
                    if not await self._results.tell(job_id):
                        self._usage.give_up(job_id)
