"""Looking at a pool with the rights of who runs the dashboard."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from laneway.errors import LanewayError
from laneway_dashboard.ports.watching import LaneSeen, PoolSeen

if TYPE_CHECKING:
    from laneway.schema.pool.documents.pool_document import PoolLane
    from laneway_dashboard.adapters.live_documents import LiveDocuments
    from laneway_dashboard.adapters.reached import Reached

MOST_COUNTED = 1000  # one page of S3's: a look costs one request, however much has failed


class WatchedPool:
    """Asks SQS for figures, and S3 for what failed."""

    def __init__(self, reached: Reached, live: LiveDocuments | None) -> None:
        """`live` are the documents of a pool on this machine."""
        self._reached = reached
        self._live = live

    def look(self) -> PoolSeen:
        """What can't be read is told in its place."""
        name, url = self._reached.name, self._reached.url
        try:
            pool = self._reached.pool()
        except LanewayError as error:
            return PoolSeen(name, url, troubles=(str(error),))
        troubles: list[str] = []
        failed = self._failed(troubles)
        return PoolSeen(
            name,
            url,
            tuple(self._lane(lane) for lane in pool.document.lanes),
            failed=failed and min(failed, MOST_COUNTED),
            failed_is_least=failed is not None and failed > MOST_COUNTED,
            troubles=tuple(troubles),
            knows_schedules=self._live is not None,
        )

    def _failed(self, troubles: list[str]) -> int | None:
        try:
            keys = self._reached.remote.keys(self._reached.place.failed_folder)
            return sum(1 for _ in islice(keys, MOST_COUNTED + 1))
        except LanewayError as error:
            troubles.append(str(error))
            return None

    def _lane(self, lane: PoolLane) -> LaneSeen:
        model = lane.model.name
        paused, sleeps = self._live.of(lane.name, self._reached.now) if self._live else (None, ())
        try:
            found = self._reached.remote.figures(lane.queue.url)
        except LanewayError as error:
            return LaneSeen(lane.name, model, paused=paused, sleeps=sleeps, trouble=str(error))
        return LaneSeen(
            lane.name,
            model,
            queued=found.queued,
            running=found.running,
            delayed=found.delayed,
            paused=paused,
            sleeps=sleeps,
        )
