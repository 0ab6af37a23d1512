"""Earlier tries of a request: found by a name that only this pool's gateways can reckon."""

from __future__ import annotations

import hmac
import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_gateway.errors import IdempotencyKeyReused, PoolUnreachable
from laneway_gateway.held.records.documents import GatewaySettings, Join, parsed, text_of

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway_gateway.desk import Try
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.store import Store

LIFETIME = timedelta(hours=24)  # as the lifecycle rule of docs/howto/eks.md has it
KEY_BYTES = 32


class Joins:
    """Names of requests, and the jobs that were made of them. Raises `PoolUnreachable`."""

    def __init__(self, store: Store, place: Place, clock: Clock) -> None:
        """The key is read, or made, when it is first needed."""
        self._store = store
        self._place = place
        self._clock = clock
        self._key: bytes | None = None

    async def find(self, tried: Try) -> Join | None:
        """The earlier try of a request; raises `IdempotencyKeyReused`."""
        return await self._read(await self._name(tried), tried)

    async def claim(self, tried: Try, job_id: str) -> Join:
        """The job that counts for an `Idempotency-Key`: this one, unless another one was there first; raises
        `IdempotencyKeyReused`.
        """
        name = await self._name(tried)
        ours = self._join(tried, job_id)
        if await self._store.put_new(self._place.join(name), text_of(ours)) is not None:
            return ours
        if (found := await self._read(name, tried)) is not None:
            return found
        await self._write_over(name, ours)
        return ours

    async def note(self, tried: Try, job_id: str) -> None:
        """A retry of this request finds this job; the newest of equal first tries counts."""
        name = await self._name(tried)
        ours = self._join(tried, job_id)
        if await self._store.put_new(self._place.join(name), text_of(ours)) is None:
            await self._write_over(name, ours)

    def _join(self, tried: Try, job_id: str) -> Join:
        return Join(id=job_id, body_hash=tried.body_hash, at=self._clock.now())

    async def _write_over(self, name: str, join: Join) -> None:
        """Of several writers at once any one may win."""
        there = await self._store.read(self._place.join(name))
        if there is not None:
            await self._store.replace(self._place.join(name), text_of(join), there.etag)

    async def _read(self, name: str, tried: Try) -> Join | None:
        stored = await self._store.read(self._place.join(name))
        join = None if stored is None else parsed(stored.body, Join)
        if join is None or self._clock.now() - join.at > LIFETIME:
            return None
        if join.body_hash != tried.body_hash:
            raise IdempotencyKeyReused(
                "the Idempotency-Key was used for another request, with another body: give each request its own"
            )
        return join

    async def _name(self, tried: Try) -> str:
        """An HMAC, as a hash of a request alone would tell who guesses the request that it was made."""
        what = ["key", tried.idempotency_key] if tried.idempotency_key else ["body", tried.path, tried.body_hash]
        told = json.dumps([tried.tenant, *what]).encode()
        return hmac.new(await self._shared_key(), told, "sha256").hexdigest()

    async def _shared_key(self) -> bytes:
        if self._key is None:
            self._key = bytes.fromhex((await self._settings()).join_key)
        return self._key

    async def _settings(self) -> GatewaySettings:
        """Whichever gateway came first has made them."""
        key = self._place.gateway_settings()
        stored = await self._store.read(key)
        if stored is None:
            made = GatewaySettings(join_key=secrets.token_hex(KEY_BYTES))
            if await self._store.put_new(key, text_of(made)) is not None:
                return made
            stored = await self._store.read(key)
        found = None if stored is None else parsed(stored.body, GatewaySettings)
        if found is None:
            raise PoolUnreachable(f"{key} is not readable by this version: remove it, and retries begin anew")
        return found
