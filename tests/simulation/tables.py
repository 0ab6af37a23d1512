"""The events queue, and the projectors that make rows of it: killed, slow, behind, and two at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.schema.job.event import ResultEvent
from simulation.history import TableTold

if TYPE_CHECKING:
    from collections import Counter
    from random import Random

    from laneway.schema.job.result import Result
    from simulation.history import History
    from simulation.network import Reply, Wire
    from simulation.scheduler import Scheduler

EVENTS = "events"
MOST_PER_BATCH = 10  # SQS


@dataclass(frozen=True)
class Projectors:
    """How those of a world are."""

    many: int = 1
    """How many read the queue at once."""
    slow: float = 0.1
    """Seconds that a batch takes."""
    killed: float = 0.0
    """How often one is killed between its write and its delete, or before both."""
    since: float | None = 0.0
    """When they come up; None: the database is down until every job has ended."""


@dataclass
class Row:
    """A job's row."""

    revision: int
    etag: str
    result: Result


class Tables:
    """The events queue, its projectors, and an in-memory table with the guard of the real ones."""

    def __init__(
        self, scheduler: Scheduler, random: Random, history: History, manners: Projectors, seen: Counter[str]
    ) -> None:
        self._scheduler = scheduler
        self._random = random
        self._history = history
        self._manners = manners
        self._seen = seen
        self._begun = False
        self.messages: list[str] = []
        self.rows: dict[str, Row] = {}
        self.calm = False

    def send(self, who: str, message: str) -> Reply:
        """SendMessage."""
        event = ResultEvent.model_validate_json(message)
        told = TableTold(event.result.id, event.etag, event.result.revision, message)
        self._history.add(self._scheduler.now, who, told)
        self.messages.append(message)
        return {"MessageId": "told"}

    def begin(self) -> None:
        """Let the projectors come up, if they haven't."""
        if not self._begun:
            self._begun = True
            for _ in range(self._manners.many):
                self._look()

    def _look(self) -> None:
        """Take a batch, in any order; what another one works on may come too: a lease may have run out."""
        batch = self._random.sample(self.messages, min(len(self.messages), MOST_PER_BATCH))
        self._scheduler.after(self._manners.slow * (0.1 + self._random.random()), lambda: self._write(batch))

    def _write(self, batch: list[str]) -> None:
        fate = 1.0 if self.calm else self._random.random() / (self._manners.killed or 0.01)
        if fate >= 0.5:
            for message in batch:
                self._upsert(ResultEvent.model_validate_json(message))
        if fate >= 1.0:
            self.messages = [each for each in self.messages if each not in batch]
        elif batch:
            self._seen[f"projector: killed {'after' if fate >= 0.5 else 'before'} its write"] += 1
        self._scheduler.after(0.5 + self._random.random(), self._look)

    def _upsert(self, event: ResultEvent) -> None:
        """The one condition: a row gives way to a higher revision alone."""
        result, there = event.result, self.rows.get(event.result.id)
        if there is None or there.revision < result.revision:
            self.rows[result.id] = Row(result.revision, event.etag, result)
        else:
            self._seen["projector: row of before kept"] += 1


class EventsClient:
    """boto3's SQS client for events, of one process."""

    def __init__(self, tables: Tables, wire: Wire) -> None:
        self._tables = tables
        self._wire = wire

    def send_message(self, **asked: Any) -> Any:
        who, message = self._wire.process.name, asked["MessageBody"]
        return self._wire.call("SendMessage", asked["QueueUrl"], lambda: self._tables.send(who, message))
