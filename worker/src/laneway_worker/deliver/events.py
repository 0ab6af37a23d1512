"""Telling whoever keeps results in a table. Trouble of theirs is nobody else's: a job waits aside for a short while,
and is told of later then, by another delivery of its message.
"""

from __future__ import annotations

import logging
from enum import Enum, auto
from typing import TYPE_CHECKING

from laneway.schema.job.event import ResultEvent
from laneway_worker.errors import Interrupted, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway_worker.deliver.lease import Lease
    from laneway_worker.deliver.patience import Patience
    from laneway_worker.deliver.results import Committed
    from laneway_worker.live import Live
    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.replies import Events

log = logging.getLogger(__name__)

WAIT_SECONDS = 60  # what refuses for longer has to be mended by a person
MOST_ASIDE = 32  # results that wait in memory
LATER_SECONDS = 900  # SQS's longest delay: a message that is delayed keeps no accelerator awake
GIVEN_UP_SECONDS = 3600  # after the result: a lane at zero is not woken for ever for rows that `table check` finds


class Told(Enum):
    """What came of it."""

    DONE = auto()
    """It was told, or is to be told to nobody."""
    LATER = auto()
    """Another delivery of the message has to tell it."""
    GIVEN_UP = auto()
    """It is told no more."""


class Telling:
    """Tells of the results of one lane."""

    def __init__(
        self,
        config: LaneConfig,
        live: Live,
        events: Events,
        aside: Patience,
        count: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """Who waits `aside` holds up nobody; `count` is told the name of each `Told`, in small letters."""
        self._place: Place = config.results
        self._live = live
        self._events = events
        self._aside = aside
        self._count = count
        self._clock = clock

    def tell(self, lease: Lease, committed: Committed) -> Told:
        """Tell of a result that stands. Raises `Interrupted` where the worker leaves meanwhile."""
        live = self._live.now
        if live.events_queue_url is None:
            return Told.DONE
        url = self._place.result_url(committed.result.id)
        event = ResultEvent.of(committed.result, committed.etag, url, output=live.events_output)
        told = self._send(lease, live.events_queue_url, event)
        if told is Told.LATER and self._is_old(committed.result.timing.finished_at):
            words = "the events queue took nothing for an hour: a row is missing, which `laneway table check` finds"
            log.error(words, extra={"fields": {"id": committed.result.id, "queue": live.events_queue_url}})
            told = Told.GIVEN_UP
        self._count(told.name.lower())
        return told

    def _send(self, lease: Lease, queue_url: str, event: ResultEvent) -> Told:
        until = self._clock.monotonic() + WAIT_SECONDS
        try:
            self._waiting(lambda: self._events.send(queue_url, event), lease, until)
        except (Interrupted, Unavailable):
            if lease.stop.leaving:
                raise Interrupted from None
            return Told.LATER
        return Told.DONE

    def _waiting(self, send: Callable[[], None], lease: Lease, until: float) -> None:
        if self._aside.troubled >= MOST_ASIDE:
            return send()
        return self._aside.until_done(send, lambda: lease.stop.leaving or self._clock.monotonic() >= until)

    def _is_old(self, finished_at: datetime) -> bool:
        return (self._clock.now() - finished_at).total_seconds() >= GIVEN_UP_SECONDS
