"""`gateways/<id>.json`: where workers find this gateway, as long as it lives."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laneway_gateway.errors import PoolUnreachable

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway.schema.job.reply import GatewayDocument
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.store import Store

RENEW_SECONDS = 60.0  # workers take what is three minutes old
log = logging.getLogger(__name__)


class Registration:
    """Says where this gateway is, again each minute, and takes it back."""

    def __init__(self, store: Store, place: Place, clock: Clock, document: GatewayDocument) -> None:
        """`document` is what is said; its `renewed_at` moves on."""
        self._store = store
        self._key = place.gateway(document.id)
        self._clock = clock
        self._document = document
        self._etag: str | None = None

    async def begin(self) -> None:
        """Say it for the first time; raises `PoolUnreachable`."""
        await self._say()

    async def run(self) -> None:
        """Renew it, until cancelled. While it can't be renewed, answers come without streams, from the bucket."""
        while True:
            await self._clock.sleep(RENEW_SECONDS)
            try:
                await self._say()
            except PoolUnreachable as error:
                log.warning("renewing the registration: %s", error)

    async def end(self) -> None:
        """Take it back: no worker begins to tell any more; raises `PoolUnreachable`."""
        if self._etag is not None:
            await self._store.delete(self._key, self._etag)
            self._etag = None

    async def _say(self) -> None:
        renewed = self._document.model_copy(update={"renewed_at": self._clock.now()})
        body = renewed.model_dump_json().encode()
        self._etag = await self._put(body)

    async def _put(self, body: bytes) -> str | None:
        """Over what stands there, whoever wrote it: after a time-out it may be ours, and its ETag unknown."""
        if self._etag and (etag := await self._store.replace(self._key, body, self._etag)):
            return etag
        if etag := await self._store.put_new(self._key, body):
            return etag
        there = await self._store.read(self._key)
        return await self._store.replace(self._key, body, there.etag) if there else None
