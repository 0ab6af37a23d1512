"""What answers take of a gateway's memory, and what is kept of a request."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from laneway.schema.job.job import Job
from laneway.translate.translated import Translated
from laneway_gateway.desk import Broken
from laneway_gateway.errors import PoolUnreachable, Stopping
from laneway_gateway.held.leaving import GRACE_SECONDS
from laneway_gateway.held.records.results import MEMORY_A_BYTE
from laneway_gateway.held.watch import LOOK_SECONDS
from laneway_gateway.ports.streams import Order
from laneway_gateway.testing.clock import settle
from support.gateway.desks import PLACE, TENANT, World, asked, line, said, take

CALL: dict[str, Any] = {"function": {"name": "weather", "arguments": {"city": "P" * 100}}}


def taken(world: World) -> int:
    return world.desk.rooms.memory.taken


async def test_what_was_told_of_an_answer_is_counted_until_nobody_comes_back_to_it(world: World) -> None:
    held = await world.take(asked())
    worker = world.worker(held.job_id)
    worker.add(said("x" * 1000))
    assert taken(world) == 1000
    await held.leave(hung_up=True)
    await world.clock.advance(GRACE_SECONDS - 1)
    assert taken(world) == 1000
    await world.clock.advance(1)
    assert taken(world) == 0
    worker.add(said("what a worker says that has not heard of it"))
    assert taken(world) == 0


async def test_calls_are_counted_too(world: World) -> None:
    held = await world.take(asked())
    world.worker(held.job_id).add([line(record={"message": {"content": "", "tool_calls": [CALL]}})])
    assert 100 < taken(world) < 300


async def test_what_an_attempt_said_that_came_to_nothing_is_counted_as_far_as_somebody_heard_it(world: World) -> None:
    held = await world.take(asked())
    world.worker(held.job_id).add(said("x" * 1000))
    world.worker(held.job_id, order=Order(1, 2)).add(said("yy"))
    assert taken(world) == 2


async def test_a_result_is_counted_while_it_is_told(world: World) -> None:
    held = await world.take(asked())
    world.commit(held.job_id)
    await world.clock.advance(LOOK_SECONDS)
    await held.ended()
    assert taken(world) == MEMORY_A_BYTE * len(world.store.objects[PLACE.result(held.job_id)].body)
    await held.leave(hung_up=False)
    await settle()
    assert taken(world) == 0


async def test_what_is_found_too_late_takes_nothing(world: World) -> None:
    held = await world.take(asked())
    world.desk.registry.drop(held.entry)
    world.commit(held.job_id)
    await world.desk._watch.look_at(held.entry)
    assert held.entry.end is not None
    assert taken(world) == 0


async def test_an_end_without_a_result_takes_nothing(world: World) -> None:
    held = await world.take(asked())
    await world.desk.drain(0)
    assert isinstance(await held.ended(), Broken)
    assert taken(world) == 0


async def test_nothing_of_a_request_is_kept_once_its_job_is_sent(world: World) -> None:
    world.store.refuses = PLACE.owner("a").removesuffix("a.json")  # so that it is still being noted
    job = Job(prompt="Capital of France?")
    words, request = weakref.ref(job), asked(translated=Translated("fast", "gemma3:4b", job))
    held = await world.take(request)
    del job, request
    await settle()
    gc.collect()
    assert words() is None
    assert world.desk.registry.find(held.job_id)


async def test_whose_body_came_after_the_stop_is_sent_elsewhere(world: World) -> None:
    room = world.desk.reserve(TENANT)
    draining = asyncio.ensure_future(world.desk.drain(30))
    await settle()
    with pytest.raises(Stopping):
        await world.desk.take(asked(), room)
    with pytest.raises(Stopping):
        await take(world.desk, asked())
    assert not draining.done()
    room.release()
    await world.clock.advance(1)
    assert draining.done()
    assert world.sent == []


async def test_the_body_of_a_client_that_went_is_counted_until_its_job_is_sent(world: World) -> None:
    go, send = asyncio.Event(), world.queues.send

    async def slowly(*given: Any, **named: Any) -> None:
        await go.wait()
        await send(*given, **named)

    world.queues.send = slowly  # type: ignore[method-assign] # because it is of this one fake
    with world.desk.reserve(TENANT) as room:
        room.memory.reach(5000)
        taking = asyncio.ensure_future(world.desk.take(asked(), room))
        await settle()
        taking.cancel()
        await settle()
    assert (world.desk.rooms.held, taken(world)) == (0, 5000)
    go.set()
    await settle()
    assert (len(world.sent), taken(world)) == (1, 0)


async def test_a_body_whose_job_could_not_be_sent_is_counted_no_more(world: World) -> None:
    world.queues.errors.append((PoolUnreachable("nothing answers"), False))
    with world.desk.reserve(TENANT) as room:
        room.memory.reach(5000)
        with pytest.raises(PoolUnreachable):
            await world.desk.take(asked(), room)
        assert taken(world) == 0
