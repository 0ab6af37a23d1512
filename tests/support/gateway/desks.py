"""Desks over a pool in memory, by a clock that a test moves."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from laneway.schema.job.job import Job, parse_job
from laneway.schema.job.keys import Place
from laneway.schema.job.reply import GatewayDocument, ReplyLine
from laneway.translate.translated import Translated
from laneway_gateway.desk import Asked, Tenant
from laneway_gateway.held.desk import HeldDesk, Outside
from laneway_gateway.held.ids import new_gateway_id
from laneway_gateway.pool import Pool
from laneway_gateway.ports.streams import Order
from laneway_gateway.ports.traces import NO_TRACES
from laneway_gateway.rooms import Memory, Rooms
from laneway_gateway.testing.clock import ManualClock, settle
from laneway_gateway.testing.pool import MemoryQueues, MemoryStore
from support.gateway.quotas import quota
from support.inputs.documents import MODEL, POOL_DOCUMENT
from support.inputs.offers import result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from laneway.schema.pool.documents.keys_file import Quota
    from laneway_gateway.desk import Event, Held
    from laneway_gateway.held.request import HeldRequest
    from laneway_gateway.ports.streams import Writer
    from laneway_gateway.ports.traces import Traces

PLACE = Place(bucket="acme-llm", prefix="documents/")
TENANT = Tenant("claims", most_held=3)
MOST, MOST_BYTES = 5, 1_000_000


def asked(prompt: str = "Capital of France?", **fields: Any) -> Asked:
    """A request of a tenant's, by `/api/generate`."""
    given: dict[str, Any] = {
        "tenant": TENANT,
        "translated": Translated("fast", "gemma3:4b", Job(prompt=prompt)),
        "path": "/api/generate",
        "body_hash": prompt.encode().hex().ljust(64, "0")[:64],
    }
    return Asked(**given | fields)


def registered(gateway: str, now: datetime, **fields: Any) -> GatewayDocument:
    """A gateway that has just begun."""
    told: dict[str, Any] = {"address": "10.0.0.1", "port": 8443, "certificate": "-", "version": "0.1.0"} | fields
    return GatewayDocument(id=gateway, started_at=now, renewed_at=now, **told)


async def take(desk: HeldDesk, asked: Asked) -> HeldRequest:
    """Hold a request, as the doors have it held."""
    room = desk.reserve(asked.tenant)
    try:
        return await desk.take(asked, room)
    except BaseException:
        room.release()
        raise


class World:
    """A pool in memory, and gateways before it."""

    def __init__(self, clock: ManualClock | None = None, traces: Traces = NO_TRACES) -> None:
        """One gateway to begin with."""
        self.clock = clock or ManualClock()
        self.store = MemoryStore()
        self.queues = MemoryQueues(self.store, PLACE, traces=traces)
        self.store.put(PLACE.pool_document(), POOL_DOCUMENT.model_dump_json().encode())
        self.quotas: dict[str, Quota] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.desks: list[HeldDesk] = []
        self.desk = self.another()

    def another(self) -> HeldDesk:
        """One more gateway."""
        gateway = new_gateway_id()
        self.store.put(PLACE.gateway(gateway), registered(gateway, self.clock.now()).model_dump_json().encode())
        pool = Pool(self.store, PLACE, self.clock)
        outside = Outside(self.store, self.queues, PLACE, self.clock, pool, lambda: self.quotas)
        desk = HeldDesk(outside, gateway, b"k" * 32, Rooms(MOST, Memory(MOST_BYTES)))
        self.tasks.append(asyncio.ensure_future(desk.run()))
        self.desks.append(desk)
        return desk

    async def take(self, asked: Asked, desk: HeldDesk | None = None) -> HeldRequest:
        """Hold a request, as the doors have it held."""
        return await take(desk or self.desk, asked)

    async def close(self) -> None:
        """End everything."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for desk in self.desks:
            await desk.close()

    @property
    def sent(self) -> list[str]:
        """The ids of all messages, in order."""
        return [json.loads(each.body)["id"] for each in self.queues.sent]

    def attribute(self, job_id: str) -> dict[str, Any]:
        """Of a job's last message."""
        found: dict[str, Any] = json.loads(
            self.queues.sent[len(self.sent) - 1 - self.sent[::-1].index(job_id)].attribute
        )
        return found

    def limited(self, **bounds: int) -> Tenant:
        """A tenant with a quota, which all gateways know."""
        self.quotas[TENANT.name] = quota(**bounds)
        return replace(TENANT, most_held=MOST, quota=self.quotas[TENANT.name])

    def worker(self, job_id: str, desk: HeldDesk | None = None, order: Order = Order(1, 1)) -> Writer:  # noqa: B008 - a value
        """A worker's stream of a job, by the token in its message."""
        return (desk or self.desk).registry.open(job_id, self.attribute(job_id)["reply"]["stream"], order)

    def commit(self, job_id: str, text: str | None = "Paris.", **fields: Any) -> str:
        """Write a job's result, as a worker does; its ETag."""
        job = parse_job(self.store.objects[PLACE.job(job_id)].body)
        told = {"id": job_id, "text": text, "request_hash": job.request_hash(MODEL.name)} | fields
        return self.store.put(PLACE.result(job_id), result(**told).to_json())

    def is_cancelled(self, job_id: str) -> bool:
        """Whether the workers are asked to cancel a job."""
        return PLACE.cancel(job_id) in self.store.objects


def line(**fields: Any) -> ReplyLine:
    """A line of a stream."""
    return ReplyLine.model_validate(fields)


def said(*texts: str) -> list[ReplyLine]:
    """Lines of an answer."""
    return [line(record={"response": each, "done": False}) for each in texts]


def ended(etag: str) -> ReplyLine:
    """The last line."""
    return line(ended={"etag": etag, "sha256": "0" * 64})


class Client:
    """Hears a held request's events as they come."""

    def __init__(self, held: Held) -> None:
        """It listens from now on."""
        self.held = held
        self.heard: list[Event] = []
        self.task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        events: AsyncIterator[Event] = self.held.events()
        async for event in events:
            self.heard.append(event)

    async def all(self) -> list[Event]:
        """What it has heard, once nothing happens any more."""
        await settle()
        return self.heard
