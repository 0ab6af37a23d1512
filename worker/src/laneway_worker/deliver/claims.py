"""Whose an id is. An id is a name and no lock: whoever may send can write any id into a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.estimate.foretold import read_foretold
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import InvalidJob, parse_job
from laneway.schema.shared.names import ESTIMATE_METADATA, LANE_METADATA
from laneway_worker.errors import TooLargeError
from laneway_worker.ports.objects import Stored

if TYPE_CHECKING:
    from laneway.schema.estimate.foretold import Foretold
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway_worker.deliver.outcomes import Task
    from laneway_worker.ports.objects import ObjectStore


@dataclass(frozen=True)
class Claim:
    """Where the outcome of a message belongs."""

    job_id: str
    settled: bool
    """Whether nobody can dispute it any more. Where no body is stored, somebody may still store one."""
    foretold: Foretold | None = None
    """What wait its sender was told of."""


class Claims:
    """Tells whether a message is the request that its id belongs to."""

    def __init__(self, config: LaneConfig, store: ObjectStore) -> None:
        """The lane whose messages are told apart."""
        self._place = config.results
        self._lane = config.lane
        self._store = store

    def of(self, task: Task) -> Claim:
        """The first id that a message names and that is its own, else its MessageId. Raises `Unavailable`."""
        for job_id in dict.fromkeys((task.id, task.history.id)):
            if job_id == task.delivery.message_id:
                break  # SQS gave it: nobody else can have it
            stored = self._stored(job_id)
            if stored is None:
                return Claim(job_id, settled=False)
            if is_request(stored.body, task) and self._is_meant(stored, job_id, task):
                return Claim(job_id, settled=True, foretold=read_foretold(stored.metadata.get(ESTIMATE_METADATA)))
        return Claim(task.delivery.message_id, settled=True)

    def _stored(self, job_id: str) -> Stored | None:
        """What is too large is the request of those alone that point to it."""
        try:
            return self._store.get(self._place.bucket, self._place.job(job_id), MAX_BODY_BYTES)
        except TooLargeError:
            return Stored(b"", "")

    def _is_meant(self, stored: Stored, job_id: str, task: Task) -> bool:
        """Whether the request was sent to this lane. A person's retry may go to another one, and has a result to
        replace.
        """
        if stored.metadata.get(LANE_METADATA, self._lane) == self._lane:
            return True
        is_retry = task.history.replaces is not None
        return is_retry and self._store.etag(self._place.bucket, self._place.result(job_id)) is not None


def is_request(stored: bytes, task: Task) -> bool:
    """Whether a message asks for exactly what is stored under the id it names. What can't be read is the request only
    byte by byte: its sender may be newer than this worker.
    """
    if task.points or stored == task.delivery.body:
        return True
    try:
        return task.job is not None and parse_job(stored).without_id() == task.job.without_id()
    except InvalidJob:
        return False
