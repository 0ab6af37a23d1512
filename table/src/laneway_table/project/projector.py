"""The projector: events become rows. A database that is down leaves them in their queue."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from laneway_table.errors import QueueUnavailable, TableError, TableUnavailable, TableUnusable
from laneway_table.ports.events import MOST_MESSAGES
from laneway_table.project.halving import Written, write
from laneway_table.project.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from laneway_table.ports.clock import Clock, Stop
    from laneway_table.ports.events import Events, Message
    from laneway_table.ports.figures import Figures
    from laneway_table.ports.table import Table
    from laneway_table.project.health import Health
    from laneway_table.project.reading import Source
    from laneway_table.rows.row import Row

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 20.0  # between tries; shorter than messages are held
PREPARE = "prepare"
HELPER_SECONDS = 1.0  # how often one looks whether there is plenty to do

_log = logging.getLogger(__name__)


def pause_after(tries: int) -> float:
    """Twice as long each time, to a bound."""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries, 16)))


class Projector:
    """Several threads may run `work`; with a queue that is nearly empty one of them asks it."""

    def __init__(
        self,
        events: Events,
        table: Table,
        source: Source,
        *,
        clock: Clock,
        stop: Stop,
        figures: Figures,
        health: Health,
    ) -> None:
        """Nothing is asked yet."""
        self._events = events
        self._table = table
        self._source = source
        self._clock = clock
        self._stop = stop
        self._figures = figures
        self._health = health
        self._plenty = threading.Event()

    def prepare(self) -> bool:
        """Bring the schema up to date, with patience; False where the process is to leave before. Raises
        `TableUnusable`.
        """

        def prepare() -> Written:
            self._table.prepare()
            return Written(0, ())

        return self._patiently(prepare, PREPARE, lambda: None) is not None

    def work(self, name: str, *, helps: bool) -> None:
        """Until the process is to leave."""
        failures = 0
        while not self._stop.is_set():
            self._health.beat(name)
            if helps and not self._plenty.wait(HELPER_SECONDS):
                continue
            try:
                self.once(name)
                failures = 0
            except QueueUnavailable as error:
                _log.warning("the events queue: %s", error)
                self._stop.wait(pause_after(failures))
                failures += 1

    def once(self, name: str) -> int:
        """One batch; says how many messages it had."""
        messages = self._events.receive()
        if len(messages) == MOST_MESSAGES:
            self._plenty.set()
        else:
            self._plenty.clear()
        if messages:
            self._project(name, messages)
        return len(messages)

    def _project(self, name: str, messages: Sequence[Message]) -> None:
        rows, sources = self._read(messages)
        receipts = [each.receipt for each in sources]
        began = self._clock.monotonic()
        written = self._patiently(lambda: write(self._table.upsert, rows), name, lambda: self._events.hold(receipts))
        if written is None:
            self._events.release(receipts)
            return
        self._count(rows, written, self._clock.monotonic() - began)
        done = [each for place, each in enumerate(sources) if place not in written.refused]
        self._events.delete([each.receipt for each in done])
        for each in done:
            self._figures.lagged((self._clock.now() - each.sent_at).total_seconds())

    def _read(self, messages: Sequence[Message]) -> tuple[list[Row], list[Message]]:
        """What can't be read stays in the queue: after a few tries SQS moves it to the dead letters."""
        rows, sources = [], []
        for message in messages:
            found = read(message.body, self._source)
            if isinstance(found, str):
                self._figures.refused(found)
                _log.warning("a message is left to the dead letters: %s", found)
            else:
                rows.append(found)
                sources.append(message)
        return rows, sources

    def _count(self, rows: Sequence[Row], written: Written, seconds: float) -> None:
        self._figures.wrote(written.rows, len(rows) - len(written.refused) - written.rows, seconds)
        for place in written.refused:
            self._figures.refused("row")
            _log.warning("the database refuses the row of a job", extra={"fields": {"job": rows[place].id}})

    def _patiently(self, attempt: Callable[[], Written], name: str, meanwhile: Callable[[], None]) -> Written | None:
        """Until the database answers, or the process is to leave. What is in hand is held meanwhile, and nothing else
        is received: each receive would bring a good event nearer to the dead letters.
        """
        tries = 0
        while True:
            self._health.beat(name)
            try:
                done = attempt()
            except (TableUnavailable, TableUnusable) as error:
                self._told(error)
                if name == PREPARE and isinstance(error, TableUnusable):
                    raise
            else:
                self._told(None)
                return done
            if self._stop.wait(pause_after(tries)):
                return None
            tries += 1
            meanwhile()

    def _told(self, trouble: TableError | None) -> None:
        self._figures.reachable(database=trouble is None)
        if self._health.told(None if trouble is None else str(trouble)):
            if trouble is None:
                _log.info("the table takes rows")
            else:
                _log.warning("the table takes no rows: %s", trouble)
