"""Jobs are stored, then sent; what becomes of one that SQS refuses is docs/design/0022."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from laneway.client.remote import NO_TRACE, MessageRefused, RefusedByAWS
from laneway.client.sending.checked import REFUSED_END
from laneway.errors import IdReused, PoolUnavailable
from laneway.schema.job.job import MAX_INLINE_BYTES, InvalidJob, StoredJob, parse_job
from laneway.schema.shared.names import ESTIMATE_METADATA, LANE_METADATA, NOT_SENT_METADATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.client.remote import Stored
    from laneway.client.sending.checked import CheckedJob
    from laneway.schema.estimate.foretold import Foretold
    from laneway.schema.job.keys import Place

TRIES = 4  # each after another sender was there first


class Post(Protocol):
    """The calls of `Remote` that sending takes."""

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> str | None:
        """Write an object that must not exist; its ETag, or None where there is one."""

    def replace(self, key: str, body: bytes, metadata: Mapping[str, str], etag: str) -> str | None:
        """Write over exactly this object; the new one's ETag, or None where another one is there, or none."""

    def read(self, key: str) -> Stored | None:
        """An object, or None."""

    def exists(self, key: str) -> bool:
        """Whether there is an object."""

    def send(
        self, queue_url: str, body: str, *, history: str | None, group_id: str | None, trace: Mapping[str, str]
    ) -> None:
        """Send one message; raises `MessageRefused`, `RefusedByAWS`, `PoolUnavailable`."""


@dataclass(frozen=True)
class _Entry:
    """The body that stands under an id."""

    body: bytes
    etag: str
    ours: bool
    """Whether this very call stored it: else somebody may have sent it before."""


class Outbox:
    """Stores jobs and sends them."""

    def __init__(
        self,
        post: Post,
        place: Place,
        sender: str,
        history: str | None = None,
        trace: Mapping[str, str] = NO_TRACE,
    ) -> None:
        """`sender` is the messages' MessageGroupId, `history` the text of our own attribute on them, `trace` the span
        that they belong to, as W3C's headers.
        """
        self._trace = trace
        self._post = post
        self._place = place
        self._sender = sender
        self._history = history

    def send(self, job: CheckedJob, foretold: Foretold | None = None) -> None:
        """Send a job, unless it has its result; raises `IdReused`, `InvalidJob` and `PoolUnavailable`. What wait was
        foretold stands with the body.
        """
        entry = self._store(job, {ESTIMATE_METADATA: foretold.to_metadata()} if foretold else {})
        if not entry.ours and self._post.exists(self._place.result(job.id)):
            return
        inline = len(entry.body) <= MAX_INLINE_BYTES
        message = entry.body if inline else StoredJob(id=job.id).model_dump_json().encode()
        try:
            self._post.send(
                job.lane.queue.url, message.decode(), history=self._history, group_id=self._sender, trace=self._trace
            )
        except MessageRefused:
            self._mark(job, entry)  # whoever stored it: SQS has refused the same message of theirs
            raise
        except RefusedByAWS:
            if entry.ours:
                self._mark(job, entry)
            raise

    def _store(self, job: CheckedJob, told: Mapping[str, str]) -> _Entry:
        """The body that counts under the id: what was stored first, unless SQS has refused it."""
        key, metadata = self._place.job(job.id), {LANE_METADATA: job.lane.name, **told}
        for _ in range(TRIES):
            if (etag := self._post.put_new(key, job.body, metadata)) is not None:
                return _Entry(job.body, etag, ours=True)
            stored = self._post.read(key)
            if stored is None:
                continue  # it is gone again
            if NOT_SENT_METADATA not in stored.metadata:
                return _sent_before(job, stored)
            if (etag := self._post.replace(key, job.body, metadata, stored.etag)) is not None:
                return _Entry(job.body, etag, ours=True)
        raise PoolUnavailable(f"storing {job.id}: another sender is always there first; try again")

    def _mark(self, job: CheckedJob, entry: _Entry) -> None:
        """Say that the job was not sent. The body stays: another sender of the same request may have sent a pointer to
        it. Where it can't be said, the job can be sent again all the same, but no other under its id.
        """
        metadata = {LANE_METADATA: job.lane.name, NOT_SENT_METADATA: "refused"}
        with suppress(PoolUnavailable):
            self._post.replace(self._place.job(job.id), entry.body + REFUSED_END, metadata, entry.etag)


def _sent_before(job: CheckedJob, stored: Stored) -> _Entry:
    """The body that stands under the id. It may be sent again only with the same request, to the same lane and
    destination; what was said first counts, its labels and deadline too.
    """
    if not _is_again(job, stored):
        raise IdReused(f"the id {job.id} belongs to another request; choose a new one, or leave it out")
    return _Entry(stored.body, stored.etag, ours=False)


def _is_again(job: CheckedJob, stored: Stored) -> bool:
    try:
        before = parse_job(stored.body)
    except InvalidJob:
        return False
    model = job.lane.model.name
    return (
        before.request_hash(model) == job.job.request_hash(model)
        and before.destination == job.job.destination
        and stored.metadata.get(LANE_METADATA) == job.lane.name
    )
