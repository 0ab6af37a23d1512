"""Requests become jobs: stored, sent, and noted so that others find them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from laneway.client.sender import group_of
from laneway.client.sending.checked import check
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import History
from laneway.schema.job.job import InvalidJob
from laneway.schema.job.reply import ReplyTo
from laneway.translate.refused import Refused
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.held.records.documents import Owner, parsed, text_of

if TYPE_CHECKING:
    from laneway.client.sending.checked import CheckedJob
    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.pool_document import PoolDocument
    from laneway_gateway.desk import Asked
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.queues import Queues
    from laneway_gateway.ports.store import Store

MORE_TRIES = 4
PAUSE_SECONDS = 2.0


def job_of(asked: Asked, job_id: str, document: PoolDocument) -> CheckedJob:
    """What is sent; raises `Refused` where it is too large with its labels, and `PoolUnreachable` where the pool has
    changed since the request was read.
    """
    translated = asked.translated
    labels = {**(translated.job.labels or {}), **asked.tenant.labels}
    try:
        return check(document, translated.job, {"id": job_id, "labels": labels or None}, translated.lane, None)
    except InvalidJob as error:
        if error.code is ErrorCode.BODY_TOO_LARGE:
            raise Refused(error.code, str(error)) from error
        raise PoolUnreachable(f"{error}; try again") from error


def owner_of(asked: Asked, job: CheckedJob) -> Owner:
    """Whose it is."""
    model = job.lane.model.name
    return Owner(
        id=job.id,
        tenant=asked.tenant.name,
        lane=job.lane.name,
        model=model,
        request_hash=job.job.request_hash(model),
        kept=asked.kept,
    )


class Sending:
    """Sends jobs, and knows whose those are that were sent. Raises `PoolUnreachable`."""

    def __init__(self, store: Store, queues: Queues, place: Place, clock: Clock, gateway: str) -> None:
        """`gateway` is the id that workers answer to."""
        self._store = store
        self._queues = queues
        self._place = place
        self._clock = clock
        self._gateway = gateway

    async def send(self, job: CheckedJob, tenant: str, token: str) -> None:
        """Store and send it. Whoever can't know whether it was sent is told the id."""
        reply = ReplyTo(gateway=self._gateway, stream=token)
        history = History(id=job.id, submitted_at=self._clock.now(), reply=reply)
        try:
            await self._queues.send(job, group=group_of(tenant), attribute=history.to_attribute())
        except PoolUnreachable as error:
            raise PoolUnreachable(f"job {job.id} may not have been sent: {error}") from error

    async def write(self, owner: Owner) -> None:
        """Say whose it is. While nobody can read that, a retry sends the job again, under the same id."""
        await self._store.put_new(self._place.owner(owner.id), text_of(owner))

    async def write_later(self, owner: Owner) -> None:
        """The same where it could not be written: several more tries."""
        for _ in range(MORE_TRIES - 1):
            await self._clock.sleep(PAUSE_SECONDS)
            with suppress(PoolUnreachable):
                return await self.write(owner)
        await self._clock.sleep(PAUSE_SECONDS)
        return await self.write(owner)

    async def owner(self, job_id: str) -> Owner | None:
        """Whose a job is that was surely sent."""
        stored = await self._store.read(self._place.owner(job_id))
        return None if stored is None else parsed(stored.body, Owner)

    async def forget(self, owner: Owner) -> None:
        """Say that nobody is told of it any more. Who comes first has done it."""
        key, forgotten = self._place.owner(owner.id), text_of(owner.model_copy(update={"forgotten": True}))
        if await self._store.put_new(key, forgotten) is None and (stored := await self._store.read(key)) is not None:
            await self._store.replace(key, forgotten, stored.etag)
