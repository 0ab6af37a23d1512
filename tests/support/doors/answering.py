"""The doors in earnest, before a pool in memory whose workers answer at once."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from laneway.schema.job.job import parse_job
from laneway_gateway.desk import Tenant
from laneway_gateway.doors.app import DoorSettings, Inside, make_doors
from laneway_gateway.pool import Pool
from laneway_gateway.testing.figures import FakeFigures
from laneway_gateway.testing.keys import FakeKeys
from support.doors.served import KEY, QuickClock, serving
from support.gateway.desks import PLACE, World, ended, line
from support.inputs.documents import POOL_DOCUMENT
from support.inputs.offers import OFFERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from laneway.schema.job.job import Job
    from support.doors.served import Served

SPEED = 4
LOOK_SECONDS = 0.002
LANES = tuple(each.lane for each in OFFERS)


def answer_to(job: Job) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The fields of its result, and the records before it."""
    if job.input is not None:
        texts = [job.input] if isinstance(job.input, str) else job.input
        return {"text": None, "finish_reason": None, "embeddings": [[0.5, -1.0] for _ in texts]}, []
    if job.messages is not None:
        message = {"role": "assistant", "content": "Paris."}
        return {"text": None, "message": message}, [{"message": message, "done": False}]
    return {"text": "Paris."}, [{"response": "Paris.", "done": False}]


class Answering(World):
    """A pool in memory, whose workers answer at once."""

    def __init__(self, clock: QuickClock) -> None:
        """Of three lanes, whose models are known."""
        super().__init__(clock)
        document = POOL_DOCUMENT.model_copy(update={"lanes": LANES})
        self.store.put(PLACE.pool_document(), document.model_dump_json().encode())
        for each in OFFERS:
            if each.facts is not None:
                self.store.put(PLACE.model_facts(each.lane.name), each.facts.model_dump_json().encode())
        self.tasks.append(asyncio.ensure_future(self._work()))

    async def _work(self) -> None:
        done = 0
        while True:
            for sent in self.queues.sent[done:]:
                done += 1
                self._answer(json.loads(sent.body)["id"], sent.queue_url)
            await asyncio.sleep(LOOK_SECONDS)

    def _answer(self, job_id: str, queue_url: str) -> None:
        job = parse_job(self.store.objects[PLACE.job(job_id)].body)
        model = next(each.model.name for each in LANES if each.queue.url == queue_url)
        fields, records = answer_to(job)
        writer = self.worker(job_id)
        writer.add([line(record=each) for each in records])
        etag = self.commit(job_id, **{"request_hash": job.request_hash(model), **fields})
        writer.add([ended(etag)])
        writer.close()


@contextmanager
def answering() -> Iterator[tuple[Answering, Served]]:
    """Served until the end."""

    async def make() -> tuple[Answering, ASGIApp]:
        await asyncio.sleep(0)
        world = Answering(QuickClock(SPEED))
        keys = FakeKeys({KEY: Tenant("claims")})
        pool = Pool(world.store, PLACE, world.clock)
        return world, make_doors(Inside(world.desk, pool, keys, world.clock, FakeFigures(), DoorSettings()))

    with serving(make) as (world, served):
        try:
            yield world, served
        finally:
            served.loop.call(world.close())
