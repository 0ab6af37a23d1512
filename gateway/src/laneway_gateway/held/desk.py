"""The desk: it takes requests, and implements `laneway_gateway.desk.Desk`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_gateway.desk import Standing
from laneway_gateway.errors import PoolUnreachable, UnknownJob
from laneway_gateway.held.background import Background
from laneway_gateway.held.ids import is_id, made_at, new_id
from laneway_gateway.held.leaving import Leaving
from laneway_gateway.held.queued import Queued
from laneway_gateway.held.records.joins import Joins
from laneway_gateway.held.records.results import Found, Lost, Results
from laneway_gateway.held.records.sending import Sending, job_of, owner_of
from laneway_gateway.held.records.waiters import Waiters
from laneway_gateway.held.registry import Registry
from laneway_gateway.held.request import HeldRequest
from laneway_gateway.held.settling import Settling
from laneway_gateway.held.watch import Watch
from laneway_gateway.usage.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.keys_file import Quota
    from laneway_gateway.desk import Asked, Limit, Tenant, Try
    from laneway_gateway.held.records.documents import Join, Owner
    from laneway_gateway.held.registry import Entry
    from laneway_gateway.pool import Pool
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.queues import Queues
    from laneway_gateway.ports.store import Store
    from laneway_gateway.rooms import Room, Rooms
    from laneway_gateway.usage.usage import Slot

SENDING = timedelta(seconds=15)  # longer than a call takes: whoever was to send a job has sent it, or is gone
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Outside:
    """What the desk needs of the world."""

    store: Store
    queues: Queues
    place: Place
    clock: Clock
    pool: Pool
    quotas: Callable[[], Mapping[str, Quota]] = dict
    """Those of now, by tenant."""


class HeldDesk:
    """Holds the requests of one gateway's process. `run` has to run beside it."""

    def __init__(self, outside: Outside, gateway: str, key: bytes, rooms: Rooms) -> None:
        """`gateway` is its registration's id, `key` is known to this process alone, `rooms` are its own, too."""
        store, place, clock = outside.store, outside.place, outside.clock
        self._outside = outside
        self._gateway = gateway
        self._background = Background()
        self.rooms = rooms
        """What is held."""
        self.registry = Registry(key, rooms.memory, self._look)
        """Where workers' streams go."""
        self.usage = Usage(store, place, clock, gateway, outside.quotas)
        """What tenants with a quota have used."""
        self._results = Results(store, place, self.usage.settle)
        self._joins = Joins(store, place, clock)
        self._waiters = Waiters(store, place, clock, gateway)
        self._sending = Sending(store, outside.queues, place, clock, gateway)
        self._leaving = Leaving(self.registry, self._waiters, clock, self._background)
        self._watch = Watch(self.registry, self._results, clock)
        self._settling = Settling(self.registry, self._results, self.usage, clock)
        self._queued = Queued(outside.queues, outside.pool, clock)

    async def run(self) -> None:
        """Look for results, and exchange what was used, until cancelled."""
        await asyncio.gather(self._watch.run(), self._settling.run(), self.usage.run())

    def reserve(self, tenant: Tenant) -> Room:
        """Room for a request."""
        return self.rooms.enter(tenant.name, tenant.most_held)

    async def take(self, asked: Asked, room: Room) -> HeldRequest:
        """Send the job, or join the one of an earlier try."""
        self.rooms.check_open()
        job_id = new_id(self._gateway)
        with self.usage.slot(asked.tenant, job_id) as slot:
            join = await self._earlier(asked, job_id, slot)
            if join is None:
                return await self._send(asked, job_id, room, slot)
            if join.id == job_id:
                return await self._send(asked, job_id, room, slot, claimed=True)
            owner = await self._sent(join)
            if owner is None:  # whoever was to send it could not: under the same id it has one result in any case
                return await self._send(asked, join.id, room, slot, claimed=True)
            joined = None if owner.forgotten else await self._join(asked, owner, room)
            return joined or await self._send(asked, job_id, room, slot)

    async def _earlier(self, asked: Asked, job_id: str, slot: Slot) -> Join | None:
        """Equal first tries are two jobs, unless their sender says by a key that they are one. Who may send nothing may
        join its own job, and leaves nothing in the bucket.
        """
        if asked.idempotency_key and not slot.refused:
            return await self._joins.claim(asked.tried, job_id)
        return await self._joins.find(asked.tried) if asked.retry or asked.idempotency_key else None

    async def _sent(self, join: Join) -> Owner | None:
        """Whose the earlier try's job is; somebody may be just sending it."""
        clock = self._outside.clock
        while True:
            owner = await self._owner_of(join.id)
            if owner is not None or clock.now() - join.at > SENDING:
                return owner
            await clock.sleep(LOOK_SECONDS)

    async def _join(self, asked: Asked, owner: Owner, room: Room) -> HeldRequest | None:
        """Wait for the job of an earlier try, or None where it is being cancelled."""
        entry = self.registry.add(owner)
        if entry.cancelling:
            return None
        held = self._hold(entry, room)
        entry.kept |= asked.kept
        entry.abandoned = False
        try:
            await self._waiters.mark(owner.id)  # first: who cancels looks for it
            cancelled = await self._waiters.is_cancelled(owner.id)
        except BaseException as error:
            await held.leave(hung_up=isinstance(error, asyncio.CancelledError))
            raise
        if not cancelled:
            self._look(entry)
            return held
        self._leaving.let_go(entry, hung_up=False)
        return None

    async def _send(self, asked: Asked, job_id: str, room: Room, slot: Slot, *, claimed: bool = False) -> HeldRequest:
        slot.check()
        job = job_of(asked, job_id, await self._outside.pool.document())
        owner = owner_of(asked, job)
        held = HeldRequest(self.registry.add(owner), room, joined=False, let_go=self._leaving.let_go)
        self._leaving.stay(held.entry)
        sending = asyncio.ensure_future(self._sending.send(job, owner.tenant, self.registry.token(owner)))
        slot.keep(job_id)
        sending.add_done_callback(lambda sent: slot.release() if sent.cancelled() or sent.exception() else None)
        words = room.memory.moved()  # who hangs up meanwhile leaves the job's words in memory
        sending.add_done_callback(lambda _: words.release())
        owning = asyncio.ensure_future(self._own(held.entry, sending))
        self._background.start(f"noting {job_id}", self._note(asked.tried, held.entry, owning, claimed=claimed))
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:  # the client hung up: what is being sent is sent all the same
            await held.leave(hung_up=True)
            raise
        except BaseException:
            held.entry.waiting -= 1
            if not held.entry.waiting:  # two requests by one key may have sent it
                self.registry.drop(held.entry)
            raise
        await self._findable(held, owning)
        return held

    async def _own(self, entry: Entry, sending: asyncio.Future[None]) -> None:
        """Say whose it is, once it is sent."""
        await asyncio.shield(sending)
        entry.sent = True
        await self._sending.write(entry.owner)

    async def _findable(self, held: HeldRequest, owning: asyncio.Future[None]) -> None:
        """Its client is about to be told the id, and may ask another gateway for it, as this one may die: that has to
        know whose it is. Only who leaves and comes back for the answer is refused where that can't be written.
        """
        try:
            await asyncio.shield(owning)
        except PoolUnreachable as error:
            if held.entry.kept:
                await held.leave(hung_up=False)
                raise PoolUnreachable(f"job {held.job_id} was sent, and can't be found yet: {error}") from error
        except BaseException:
            await held.leave(hung_up=True)
            raise

    async def _note(self, tried: Try, entry: Entry, owning: asyncio.Future[None], *, claimed: bool) -> None:
        """What others need in order to find the job, and to know that it is waited for."""
        try:
            await asyncio.shield(owning)
        except PoolUnreachable:
            if not entry.sent:
                raise
            await self._sending.write_later(entry.owner)
        await self._waiters.mark(entry.id)
        if not claimed:
            await self._joins.note(tried, entry.id)

    def _hold(self, entry: Entry, room: Room) -> HeldRequest:
        """One more request for a job that was sent before."""
        entry.sent = True
        self._leaving.stay(entry)
        return HeldRequest(entry, room, joined=True, let_go=self._leaving.let_go)

    async def follow(self, tenant: Tenant, job_id: str) -> HeldRequest:
        """Hold a job that was sent before."""
        room = self.reserve(tenant)
        try:
            owner = await self._owner(tenant, job_id)
        except BaseException:
            room.release()
            raise
        held = self._hold(self.registry.add(owner), room)
        self._background.start(f"marking {job_id}", self._waiters.mark(job_id))
        self._look(held.entry)
        return held

    async def standing(self, tenant: Tenant, job_id: str) -> Standing:
        """How a job stands."""
        owner = await self._owner(tenant, job_id)
        match await self._results.find(owner):
            case Found(result):
                return Standing(result.status, result, owner.model, made_at(job_id))
            case Lost(message):
                raise UnknownJob(message)
            case None:
                return Standing(await self._without_result(owner), None, owner.model, made_at(job_id))

    async def _without_result(self, owner: Owner) -> str:
        """As far as anybody knows: which jobs of a queue run, SQS does not tell."""
        if await self._waiters.is_cancelled(owner.id):
            return "cancelling"
        entry = self.registry.find(owner.id)
        if entry is not None and entry.telling.writing:
            return "running"
        figures = await self._queued.of(owner.lane)
        return "running" if figures and figures.running and not figures.queued + figures.delayed else "queued"

    async def cancel(self, tenant: Tenant, job_id: str) -> Standing:
        """Ask the workers to cancel it."""
        standing = await self.standing(tenant, job_id)
        if standing.result is not None:
            return standing
        await self._waiters.cancel(job_id)
        return replace(standing, status="cancelling")

    async def forget(self, tenant: Tenant, job_id: str) -> None:
        """Tell nobody of it any more."""
        await self.cancel(tenant, job_id)
        owner = await self._owner(tenant, job_id)
        await self._sending.forget(owner)

    def limits(self, tenant: Tenant) -> tuple[Limit, ...]:
        """What a tenant may use, and has used."""
        return self.usage.limits(tenant)

    async def waiting(self, lane: str) -> int | None:
        """About how many jobs wait in a lane; None where nobody knows."""
        try:
            figures = await self._queued.of(lane)
        except PoolUnreachable:
            return None
        return None if figures is None else figures.queued + figures.delayed

    async def drain(self, seconds: float) -> None:
        """Take nothing more, let streams go on so long, then break what is left: its jobs live on. Nothing is cancelled
        from now on.
        """
        self._leaving.shutting_down = self.rooms.closed = True
        until = self._outside.clock.monotonic() + seconds
        while self.rooms.held and self._outside.clock.monotonic() < until:
            await self._outside.clock.sleep(LOOK_SECONDS)
        for entry in self.registry.all():
            words = f"the gateway is stopping; job {entry.id} goes on: send the request again, or read it by its id"
            entry.finish(Lost(words))

    async def close(self) -> None:
        """End what goes on behind the requests."""
        await self._background.close()

    async def _owner(self, tenant: Tenant, job_id: str) -> Owner:
        owner = await self._owner_of(job_id) if is_id(job_id) else None
        if owner is None or owner.tenant != tenant.name or owner.forgotten:
            raise UnknownJob(f"there is no job {job_id if is_id(job_id) else 'of this id'} of yours; check the id")
        return owner

    async def _owner_of(self, job_id: str) -> Owner | None:
        """Whose a job is that was surely sent. What the bucket says counts: another gateway may have deleted it."""
        owner, entry = await self._sending.owner(job_id), self.registry.find(job_id)
        return owner or (entry.owner if entry and entry.sent else None)

    def _look(self, entry: Entry) -> None:
        """At once: its worker says that the result is there, or it may have been there before."""
        self._background.start(f"looking for the result of {entry.id}", self._watch.look_at(entry))
