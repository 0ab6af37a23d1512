"""Looks for the results of jobs whose workers tell nothing."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.held.ids import beginning_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway_gateway.held.records.results import Results
    from laneway_gateway.held.registry import Entry, Registry
    from laneway_gateway.ports.clock import Clock

LOOK_SECONDS = 2.0
RARELY = 10  # looks: of jobs whose stream is open, as it may be an idle worker's
log = logging.getLogger(__name__)


class Watch:
    """One listing for the jobs of each gateway, as long as any is waited for."""

    def __init__(self, registry: Registry, results: Results, clock: Clock) -> None:
        """All three are the desk's."""
        self._registry = registry
        self._results = results
        self._clock = clock
        self._reached = True

    async def run(self) -> None:
        """Look, until cancelled."""
        turn = 0
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            turn += 1
            rarely = turn % RARELY == 0
            await self.look_for([each for each in self._registry.waited_for() if rarely or not each.telling.writing])

    async def look_for(self, entries: Iterable[Entry]) -> None:
        """Finish those that have a result; where the pool can't be reached, the next look may."""
        gateways: dict[str, dict[str, Entry]] = defaultdict(dict)
        for each in entries:
            gateways[beginning_of(each.id)][each.id] = each
        for jobs in gateways.values():
            try:
                for job_id in await self._results.ended(list(jobs)):
                    await self.look_at(jobs[job_id])
                self._reached = True
            except PoolUnreachable as error:
                self._tell(error)

    async def look_at(self, entry: Entry) -> None:
        """Finish it if it has a result; raises `PoolUnreachable`."""
        if entry.end is None and (end := await self._results.find(entry.owner)) is not None:
            entry.finish(end)

    def _tell(self, error: PoolUnreachable) -> None:
        if self._reached:
            log.warning("looking for results: %s", error)
        self._reached = False
