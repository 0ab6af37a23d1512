"""Who waits for a job, told to the other gateways: one small object for each gateway and job."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.schema.job.reply import GatewayDocument
from laneway_gateway.held.records.documents import parsed

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.store import Store

STALE = timedelta(minutes=3)  # a registration is renewed every minute: who has missed three is gone


class Waiters:
    """The marks of this gateway, and what others' say. Raises `PoolUnreachable`."""

    def __init__(self, store: Store, place: Place, clock: Clock, gateway: str) -> None:
        """`gateway` is this one's id."""
        self._store = store
        self._place = place
        self._clock = clock
        self._gateway = gateway
        self._marks: dict[str, str] = {}

    async def mark(self, job_id: str) -> None:
        """Somebody waits for it here."""
        key = self._place.waiter(job_id, self._gateway)
        etag = await self._store.put_new(key, b"{}")
        if etag is None and (there := await self._store.read(key)) is not None:
            etag = there.etag
        if etag is not None:
            self._marks[job_id] = etag

    async def unmark(self, job_id: str) -> None:
        """Nobody waits for it here any more."""
        etag = self._marks.pop(job_id, None)
        if etag is not None:
            await self._store.delete(self._place.waiter(job_id, self._gateway), etag)

    async def elsewhere(self, job_id: str) -> bool:
        """Whether a gateway that lives waits for it."""
        folder = self._place.waiters(job_id)
        gateways = [key.removeprefix(folder).removesuffix(".json") for key in await self._store.keys(folder)]
        return any([await self._lives(each) for each in gateways if each != self._gateway])

    async def _lives(self, gateway: str) -> bool:
        stored = await self._store.read(self._place.gateway(gateway))
        if stored is None:
            return False
        found = parsed(stored.body, GatewayDocument)  # a newer version's is None: who can't be understood is believed
        return found is None or self._clock.now() - found.renewed_at < STALE

    async def cancel(self, job_id: str) -> None:
        """Ask the workers to cancel the job."""
        await self._store.put_new(self._place.cancel(job_id), b"{}")

    async def is_cancelled(self, job_id: str) -> bool:
        """Whether somebody has asked for it."""
        return await self._store.read(self._place.cancel(job_id)) is not None
