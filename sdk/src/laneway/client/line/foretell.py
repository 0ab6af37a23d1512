"""When it will be a job's turn, for whoever sends: looked up at most once in five seconds, and never in the way."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from laneway.client.line.line import asked_of, read_estimate
from laneway.errors import PoolUnavailable
from laneway.schema.estimate.reckon import estimate

if TYPE_CHECKING:
    from laneway.client.line.line import Source
    from laneway.client.remote import Figures, Stored
    from laneway.schema.estimate.estimate import Estimate
    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.lane_estimate import LaneEstimate
    from laneway.schema.pool.documents.pool_document import PoolLane

FRESH_SECONDS = 5.0
LITTLE_LONGER = 1.05
REFUSED_SECONDS = 60.0  # after a look that came to nothing: sending needs none


@dataclass
class _Seen:
    """One lane, as it was."""

    figures: Figures
    found: Stored | None
    at: float
    sent: int = 0
    """Jobs that went to it since, from here."""
    told: Estimate | None = None
    """What was reckoned last, for so many ahead:"""
    told_ahead: int = 0


class Foreteller:
    """What this process knows of the lanes that it sends to."""

    def __init__(self, source: Source, place: Place) -> None:
        """Nothing yet."""
        self._source = source
        self._place = place
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}
        self._not_before: dict[str, float] = {}

    def estimate(self, lane: PoolLane) -> Estimate:
        """When a job that is sent now begins. Raises `PoolUnavailable`."""
        return self._of(lane, self._look(lane))

    def known(self, lane: PoolLane) -> LaneEstimate | None:
        """What the lane's workers have written. Raises `PoolUnavailable`."""
        return read_estimate(self._look(lane).found)

    def sending(self, lane: PoolLane) -> Estimate | None:
        """The same for a job that is being sent: the next one stands behind it. None where nobody can say; never
        raises.
        """
        told = self.peek(lane)
        if told is not None:
            with self._lock:
                self._seen[lane.name].sent += 1
        return told

    def peek(self, lane: PoolLane) -> Estimate | None:
        """The same where nothing is sent. None where nobody can say; never raises."""
        if time.monotonic() < self._not_before.get(lane.name, 0.0):
            return None
        try:
            return self.estimate(lane)
        except PoolUnavailable:
            self._not_before[lane.name] = time.monotonic() + REFUSED_SECONDS
            return None

    def _look(self, lane: PoolLane) -> _Seen:
        seen = self._seen.get(lane.name)
        if seen is None or time.monotonic() - seen.at >= FRESH_SECONDS:
            found = self._source.read(self._place.lane_estimate(lane.name))
            seen = _Seen(self._source.figures(lane.queue.url), found, time.monotonic())
            self._seen[lane.name] = seen
        return seen

    @staticmethod
    def _of(lane: PoolLane, seen: _Seen) -> Estimate:
        """Reckoned anew where the line is a twentieth longer: to play it takes some milliseconds of CPU, and many may
        be sent.
        """
        asked, looked = asked_of(lane, seen.figures, seen.found), time.monotonic() - seen.at
        ahead = asked.ahead + seen.sent
        if seen.told is not None and seen.told_ahead <= ahead <= seen.told_ahead * LITTLE_LONGER:
            return seen.told.model_copy(update={"ahead": seen.told.ahead + ahead - seen.told_ahead})
        asked = replace(asked, ahead=ahead, looked_seconds=looked, age_seconds=asked.age_seconds + looked)
        seen.told, seen.told_ahead = estimate(asked, read_estimate(seen.found)), ahead
        return seen.told
