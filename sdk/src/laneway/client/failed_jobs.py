"""Failed jobs: look at them, send them again, drop them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from laneway.client.failed_entries import FailedEntries, Selection, Unreadable
from laneway.client.lanes import lane_of, refuse_early
from laneway.client.pacing import Pace, paced
from laneway.client.remote import MessageRefused
from laneway.client.results import is_same
from laneway.errors import LanewayError
from laneway.schema.job.history import History
from laneway.schema.job.job import MAX_INLINE_BYTES, InvalidJob, StoredJob, parse_job, parse_message
from laneway.schema.shared.names import LANE_METADATA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from laneway.client.failed_entries import Entry, StandingResult
    from laneway.client.remote import Remote
    from laneway.schema.job.failed_job import FailedJob
    from laneway.schema.job.job import Job
    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.pool_document import PoolDocument, PoolLane

GONE_ON = "was retried, dropped, or failed again just now: look at it first"
DEFAULT_RATE = 10.0  # a second: a wave of retries should not push back everybody's jobs at once

T = TypeVar("T")

log = logging.getLogger(__name__)


class FailedJobRefused(LanewayError):
    """The job can't be shown, retried or dropped; the message says why, and what to do."""


@dataclass(frozen=True)
class RetryOutcome:
    """A failed job that was sent again."""

    id: str
    lane: str
    """Where it was sent."""
    replaces: str
    """The ETag of the result that its new one replaces: `Pool.wait(id, replaced=…)` waits for that."""
    stored: bool = False
    """Whether the request that its owner stored under the id was sent, and not the other one that had failed."""


@dataclass(frozen=True)
class Refused:
    """One of many jobs that could not be sent again, or dropped."""

    id: str
    reason: str


@dataclass(frozen=True)
class _Message:
    """What a retry sends."""

    id: str
    lane: str
    body: str
    replaces: str
    group_id: str | None = None
    stored: bool = False
    """Whether it is the owner's stored request in the place of another one."""


def _warn(error: Unreadable) -> None:
    log.warning("%s", error)


class FailedJobs:
    """A pool's failed jobs: what is kept of them counts only while their failed result is the one that stands.

    Every method raises `PoolUnavailable`, and those for one job `Unreadable` where this version can't read its entry or
    result.
    """

    def __init__(self, remote: Remote, place: Place, document: PoolDocument) -> None:
        """`Pool.failed` is one."""
        self._remote = remote
        self._place = place
        self._document = document
        self._entries = FailedEntries(remote, place)

    def list(
        self,
        ids: Iterable[str] | None = None,
        *,
        code: str | None = None,
        lane: str | None = None,
        older_than: timedelta | None = None,
        newer_than: timedelta | None = None,
        unreadable: Callable[[Unreadable], None] = _warn,
    ) -> Iterator[FailedJob]:
        """Failed jobs in the order of their ids, or of `ids`; the age is the time since they failed. `unreadable` is
        told of entries that this version can't read; by default the log is.
        """
        selection = Selection(code, lane, _ago(older_than), _ago(newer_than))
        return (entry.job for entry in self._entries.select(selection, ids, unreadable))

    def show(self, job_id: str) -> FailedJob:
        """One failed job; raises `FailedJobRefused`."""
        entry = self._entries.standing(job_id)
        if entry is None:
            raise FailedJobRefused(self._why_not(job_id, self._entries.result(job_id)))
        return entry.job

    def body(self, job: FailedJob) -> str:
        """The job's body: as its message held it, or the stored one that the message points to. Raises
        `FailedJobRefused` where that is missing.
        """
        return self._stored(job.id).decode(errors="replace") if _is_pointer(job.body) else job.body

    def retry(self, job_id: str, *, to: str | None = None, etag: str | None = None) -> RetryOutcome:
        """Send a failed job again, or an expired one whose body is stored, to its lane or to the lane `to`.

        Its new result replaces the failed one. Where another request is stored under the id than the one that failed,
        the stored one is sent: it is the owner's, the other may be anybody's. `etag`, a `FailedJob.result_etag`, means
        that failure and no later one. Raises `FailedJobRefused`, and `InvalidJob` where the lane's workers would refuse
        the job. Retried twice at once it has one new result.
        """
        entry = self._entries.standing(job_id)
        _refuse_another(job_id, entry, etag)
        message = self._expired(job_id) if entry is None else self._owners(_message(entry.job))
        lane = self._target(message, to)
        self._refuse_hopeless(message, lane)
        history = History(id=job_id, submitted_at=datetime.now(UTC), replaces=message.replaces)
        self._send(message, lane, history)
        if entry is not None:
            self._entries.delete(entry)  # last: whatever ends this process before leaves a job that can be retried
        return RetryOutcome(job_id, lane.name, message.replaces, message.stored)

    def _owners(self, message: _Message) -> _Message:
        """The message, or one with the stored body where that is another request."""
        stored = None if _is_pointer(message.body) else self._remote.get(self._place.job(message.id))
        if stored is None or is_same(stored, message.body.encode()):
            return message
        return replace(message, body=_body_to_send(message.id, stored), stored=True)

    def _send(self, message: _Message, lane: PoolLane, history: History) -> None:
        try:
            self._remote.send(lane.queue.url, message.body, history=history.to_attribute(), group_id=message.group_id)
        except MessageRefused as error:
            raise FailedJobRefused(f"{message.id}: {error}; send the job under a new id with another body") from error

    def _expired(self, job_id: str) -> _Message:
        """No entry tells of a job that expired without a retry; the client stored its body, other senders did not."""
        found = self._entries.result(job_id)
        if found is None or found.result.status != "expired":
            raise FailedJobRefused(self._why_not(job_id, found))
        stored = self._remote.read(self._place.job(job_id))
        if stored is None:
            raise FailedJobRefused(f"{job_id} expired, and its body was not stored: send it again under a new id")
        body = _body_to_send(job_id, stored.body)
        return _Message(job_id, stored.metadata.get(LANE_METADATA, found.result.lane), body, found.etag)

    def _target(self, message: _Message, to: str | None) -> PoolLane:
        lanes = [each.name for each in self._document.lanes]
        if to is None and message.lane not in lanes:
            raise FailedJobRefused(
                f"the lane of {message.id} was {message.lane}, and the pool has {', '.join(lanes)} now: name one of "
                "them (--to on the command line)"
            )
        return lane_of(self._document, to or message.lane)

    def _refuse_hopeless(self, message: _Message, lane: PoolLane) -> None:
        job = self._job(message)
        if job is None:
            return
        if job.expires_at is not None and job.expires_at <= datetime.now(UTC):
            raise FailedJobRefused(
                f"{message.id} itself says expires_at {job.expires_at.isoformat()}, which has passed: send it under a "
                "new id with a later one, or without"
            )
        refuse_early(job, lane, self._document)

    def _job(self, message: _Message) -> Job | None:
        """None where the body can't be read: it is sent all the same, newer workers may read it."""
        try:
            found = parse_message(message.body.encode())
            return parse_job(self._stored(message.id)) if isinstance(found, StoredJob) else found
        except InvalidJob:
            return None

    def _stored(self, job_id: str) -> bytes:
        key = self._place.job(job_id)
        body = self._remote.get(key)
        if body is None:
            raise FailedJobRefused(f"the stored body of {job_id} is not at {self._place.url(key)}: put it there first")
        return body

    def drop(self, job_id: str, *, etag: str | None = None) -> FailedJob:
        """Keep a failed job no longer; its failed result stays. `etag` as with `retry`. Raises `FailedJobRefused`."""
        entry = self._entries.get(job_id)
        _refuse_another(job_id, entry, etag)
        if entry is None:
            raise FailedJobRefused(self._why_not(job_id, self._entries.result(job_id)))
        if not self._entries.delete(entry):
            raise FailedJobRefused(f"{job_id} {GONE_ON}")
        return entry.job

    def _why_not(self, job_id: str, found: StandingResult | None) -> str:
        """Why there is no failed job of this id, and what to do."""
        if found is not None:
            return _why_it_ended(job_id, found)
        if self._remote.etag(self._place.job(job_id)) is None:
            return (
                f"the pool has neither a stored job nor a result of the id {job_id}: `laneway failed list` shows the "
                "jobs that failed"
            )
        return f"{job_id} has no result, so it has not failed: `laneway status {job_id}` says how it stands"

    def retry_all(
        self, ids: Iterable[str], *, to: str | None = None, rate: float = DEFAULT_RATE
    ) -> Iterator[RetryOutcome | Refused]:
        """Retry many, at most `rate` a second. Where it is interrupted, what was sent is no longer in `list`."""
        return paced(ids, _or_refused(lambda job_id: self.retry(job_id, to=to)), Pace(rate))

    def drop_all(self, ids: Iterable[str], *, rate: float = DEFAULT_RATE) -> Iterator[FailedJob | Refused]:
        """Drop many, at most `rate` a second."""
        return paced(ids, _or_refused(self.drop), Pace(rate))


def _refuse_another(job_id: str, entry: Entry | None, etag: str | None) -> None:
    """Somebody else may have been quicker than who looked at a list."""
    if etag is not None and (entry is None or entry.job.result_etag != etag):
        raise FailedJobRefused(f"{job_id} {GONE_ON}")


def _why_it_ended(job_id: str, found: StandingResult) -> str:
    match found.result.status:
        case "failed":
            return (
                f"{job_id} failed and is not kept: it was retried and its new result is on its way, or it was dropped "
                "and can be sent under a new id"
            )
        case "expired":
            return f"{job_id} expired; nothing is kept of it to show or drop, but it can be retried"
        case "succeeded":
            return f"{job_id} succeeded: there is nothing to mend"
        case "cancelled":
            return f"{job_id} was cancelled: send it under a new id to run it after all"


def _message(job: FailedJob) -> _Message:
    return _Message(job.id, job.lane, job.body, job.result_etag, job.group_id)


def _body_to_send(job_id: str, stored: bytes) -> str:
    """A stored body, or a pointer to it where it is long."""
    short = len(stored) <= MAX_INLINE_BYTES
    return stored.decode(errors="replace") if short else StoredJob(id=job_id).model_dump_json()


def _is_pointer(body: str) -> bool:
    try:
        return isinstance(parse_message(body.encode()), StoredJob)
    except InvalidJob:
        return False


def _or_refused(action: Callable[[str], T]) -> Callable[[str], T | Refused]:
    """One that is refused holds up none."""

    def act(job_id: str) -> T | Refused:
        try:
            return action(job_id)
        except (FailedJobRefused, InvalidJob, Unreadable) as error:
            return Refused(job_id, str(error))

    return act


def _ago(age: timedelta | None) -> datetime | None:
    return None if age is None else datetime.now(UTC) - age
