"""The end of a job, in one order: destination → result → notification → delete. Nothing is deleted before it."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from laneway.schema.result import Location, Notification, Result
from laneway_worker.errors import AlreadyThereError, Interrupted, Unavailable
from laneway_worker.outcomes import Finished, Found, Lost, Outcome, Released, TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.lane_config import LaneConfig
    from laneway_worker.lease import Lease, Leases
    from laneway_worker.patience import Patience
    from laneway_worker.ports import JobQueue, Notifier, ObjectStore

log = logging.getLogger(__name__)

SAFE_LEASE_SECONDS = 20  # a job is sent again only with so much confirmed lease: two copies are rarer then
FRESH_COPY_FROM = 5  # receives; a release counts as one, and SQS's own count should tell of crashes only


T = TypeVar("T")


class UnreadableResult(Exception):
    """Something else lies where a result belongs."""


@dataclass(frozen=True)
class Committed:
    """The result that stands, whoever wrote it."""

    result: Result
    etag: str
    ours: bool


class Finisher:
    """Ends jobs; called by the thread that worked on them, after their slot is free."""

    def __init__(
        self,
        config: LaneConfig,
        store: ObjectStore,
        notifier: Notifier,
        queue: JobQueue,
        leases: Leases,
        patience: Patience,
    ) -> None:
        """The adapters of one lane."""
        self._config = config
        self._store = store
        self._notifier = notifier
        self._queue = queue
        self._leases = leases
        self._patience = patience

    def finish(self, lease: Lease, outcome: Outcome) -> Committed | None:
        """Do what an outcome asks; returns the result that stands, if one does. Whatever can't be done before the
        worker leaves, or under a lost lease, is left to the next delivery.
        """
        try:
            return self._finish(lease, outcome)
        except Interrupted:
            self._release(lease)
        except UnreadableResult as error:
            log.error("%s; remove it, and the job is answered when its lease ends", error)  # noqa: TRY400 - no defect of ours: the trace tells nothing
            self._leases.close(lease)
        return None

    def _finish(self, lease: Lease, outcome: Outcome) -> Committed | None:
        match outcome:
            case Finished(result=result, destination=destination):
                committed = self._patiently(lease, lambda: self._commit(result, destination))
                return self._tail(lease, committed)
            case Found(job_id=job_id):
                return self._tail(lease, self._patiently(lease, lambda: self._winner(job_id)))
            case TryAgain(history=history, after_seconds=after):
                self._send_again(lease, history.to_attribute(), after)
            case Released():
                self._release(lease)
            case Lost():
                self._leases.close(lease)
        return None

    def _patiently(self, lease: Lease, action: Callable[[], T]) -> T:
        return self._patience.until_done(action, lambda: lease.stop.leaving)

    def _commit(self, result: Result, destination: str | None) -> Committed:
        record = self._store_output(result, destination) if destination else result
        place = self._config.results
        try:
            etag = self._store.put_new(place.bucket, place.result(result.id), record.to_json())
        except AlreadyThereError:
            return self._winner(result.id, record)
        return Committed(record, etag, ours=True)

    def _store_output(self, result: Result, destination: str) -> Result:
        place = self._config.destinations[destination]
        body = result.to_json()
        key = place.output(result.id, hashlib.sha256(body).hexdigest()[:16])
        try:
            self._store.put_new(place.bucket, key, body)
        except AlreadyThereError:
            log.debug("output was there", extra={"fields": {"id": result.id}})  # our own write, repeated
        return result.without_output(Location(destination=destination, url=place.url(key)))

    def _winner(self, job_id: str, ours: Result | None = None) -> Committed:
        """Read the result that was first. A repeated PUT can find its own object: 412 is no failure."""
        place = self._config.results
        stored = self._store.get(place.bucket, place.result(job_id))
        if stored is None:
            raise Interrupted  # it was there a moment ago: somebody removed it, and the job may run again
        try:
            winner = Result.model_validate_json(stored.body)
        except ValidationError:
            winner = None
        if winner is None or winner.id != job_id:
            raise UnreadableResult(f"the object at {place.url(place.result(job_id))} is not the job's result")
        return Committed(winner, stored.etag, ours=ours is not None and stored.body == ours.to_json())

    def _tail(self, lease: Lease, committed: Committed) -> Committed:
        if self._config.topic_arn is not None:
            note = self._notification(committed)
            topic = self._config.topic_arn
            self._patiently(lease, lambda: self._notifier.publish(topic, note))
        self._delete(self._leases.close(lease))
        return committed

    def _delete(self, receipt: str) -> None:
        try:
            self._queue.delete(receipt)
        except Unavailable as error:
            log.warning("delete failed; the message comes again and is done again: %s", error)

    def _notification(self, committed: Committed) -> Notification:
        result, place = committed.result, self._config.results
        return Notification(
            id=result.id,
            status=result.status,
            code=result.error.code if result.error else None,
            url=place.url(place.result(result.id)),
            etag=committed.etag,
            pool=result.pool,
            lane=result.lane,
            labels=result.labels,
        )

    def _send_again(self, lease: Lease, history: str, delay: int) -> None:
        self._patiently(lease, lambda: self._resend(lease, history, delay))

    def _resend(self, lease: Lease, history: str, delay: int) -> None:
        """Send a copy under a safe lease, then delete the original; without the lease it is somebody else's to do."""
        if self._leases.remaining(lease) < SAFE_LEASE_SECONDS:
            self._leases.beat()
        if self._leases.remaining(lease) < SAFE_LEASE_SECONDS:
            self._leases.close(lease)
            return
        self._queue.resend(lease.delivery, history, delay)
        self._delete(self._leases.close(lease))

    def _release(self, lease: Lease) -> None:
        delivery = lease.delivery
        safe = self._leases.remaining(lease) >= SAFE_LEASE_SECONDS
        receipt = self._leases.close(lease)
        try:
            if delivery.receive_count >= FRESH_COPY_FROM and safe:
                self._queue.resend(delivery, delivery.read_history().to_attribute(), 0)
                self._delete(receipt)
            else:
                self._queue.release(receipt)
        except Unavailable as error:
            log.warning("release failed; the message comes back when its lease ends: %s", error)
