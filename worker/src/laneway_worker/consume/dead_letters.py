"""What SQS gave up: messages that came back again and again without an end. Each gets its failed result."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob
from laneway.schema.job.result import ServedModel
from laneway_worker.deliver.outcomes import Finished, Outcome, Records, Task

if TYPE_CHECKING:
    from laneway.schema.pool.documents.lane_documents import LaneDocuments
    from laneway_worker.deliver.lease import Lease
    from laneway_worker.ports.clock import Clock


class DeadLetters:
    """Ends the jobs of one lane's dead-letter queue. Nothing is generated, so nothing can be killed by them."""

    def __init__(self, lane: LaneDocuments, clock: Clock) -> None:
        """The lane that the messages were sent to."""
        config = lane.config
        self._model = ServedModel(name=config.model.name, digest=config.model.digest)
        self._clock = clock
        self._live = lane.live
        self._records = Records(config)

    def attempt(self, lease: Lease) -> Outcome:
        """A failed result, whatever the message holds; where a result stands already, the commit finds it."""
        task = Task.of(lease.delivery, self._clock.now(), self._live)
        with suppress(InvalidJob):
            task.read(lease.delivery.body, self._model.name)
        message = "its message came back again and again without an end, and SQS moved it to the dead-letter queue"
        ended = self._records.ended(task, "failed", ErrorCode.POISON, message, self._model, self._clock.now())
        return Finished(ended, task)


class NoEngine:
    """The gate of a dead-letter queue: always open."""

    takes_jobs = True
    asleep = False
    ready_enough = True
    trouble = ""
    sick = ""
    spent = False

    def slots(self, wanted: int) -> int:
        """Nothing bounds them."""
        return wanted
