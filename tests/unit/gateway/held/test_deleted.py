"""Jobs of which their tenants want to hear no more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from laneway_gateway.errors import PoolUnreachable, UnknownJob
from laneway_gateway.held.watch import LOOK_SECONDS
from laneway_gateway.testing.clock import settle
from support.gateway.desks import PLACE, TENANT, World, asked

if TYPE_CHECKING:
    from laneway_gateway.held.request import HeldRequest

OWNERS = PLACE.owner("a").removesuffix("a.json")
AGAIN: list[dict[str, Any]] = [{"retry": 1}, {"idempotency_key": "k"}, {"idempotency_key": "k", "retry": 1}]


async def answered(world: World, **fields: Any) -> HeldRequest:
    """A job that has its result, and whose client still reads it."""
    held = await world.take(asked(kept=True, **fields))
    await settle()
    world.commit(held.job_id)
    await world.clock.advance(LOOK_SECONDS)
    return held


@pytest.mark.parametrize("again", AGAIN, ids=str)
@pytest.mark.parametrize("where", ["here", "elsewhere", "where it is held"])
async def test_a_repetition_of_what_was_deleted_is_a_job_of_its_own(
    world: World, again: dict[str, Any], where: str
) -> None:
    key = again.get("idempotency_key")
    first = await answered(world, idempotency_key=key)
    other = world.another()
    await (other if where == "where it is held" else world.desk).forget(TENANT, first.job_id)
    repeated = await world.take(asked(**again), other if where == "elsewhere" else world.desk)
    assert (repeated.joined, repeated.job_id == first.job_id, len(world.sent)) == (False, False, 2)
    await settle()
    third = await world.take(asked(**again))
    assert (third.joined, third.job_id) == (True, repeated.job_id)


@pytest.mark.parametrize("call", ["standing", "follow", "cancel", "forget"])
async def test_what_one_gateway_deleted_is_told_by_none_at_once(world: World, call: str) -> None:
    held = await answered(world)
    await world.another().forget(TENANT, held.job_id)
    assert world.desk.registry.find(held.job_id)
    with pytest.raises(UnknownJob):
        await getattr(world.desk, call)(TENANT, held.job_id)


async def test_what_was_deleted_before_it_was_noted_stays_deleted(world: World) -> None:
    world.store.refuses = OWNERS
    held = await world.take(asked())
    await settle()
    world.store.refuses = None
    await world.desk.forget(TENANT, held.job_id)
    await world.clock.advance(60)
    for desk in (world.desk, world.another()):
        with pytest.raises(UnknownJob):
            await desk.standing(TENANT, held.job_id)


async def test_whose_client_comes_back_is_noted_once(world: World) -> None:
    held = await world.take(asked(kept=True))
    await settle()
    assert [call for call, key in world.store.calls if key == PLACE.owner(held.job_id)] == ["put_new"]


async def test_whose_client_is_told_that_nobody_finds_it_is_noted_all_the_same(world: World) -> None:
    world.store.refuses = OWNERS
    with pytest.raises(PoolUnreachable, match="was sent, and can't be found yet"):
        await world.take(asked(kept=True))
    world.store.refuses = None
    await world.clock.advance(60)
    assert PLACE.owner(world.sent[0]) in world.store.objects
    assert world.desk.rooms.held == 0


async def test_who_hangs_up_while_its_job_is_noted_keeps_it(world: World) -> None:
    go, put_new = asyncio.Event(), world.store.put_new

    async def slowly(key: str, body: bytes) -> str | None:
        if key.startswith(OWNERS):
            await go.wait()
        return await put_new(key, body)

    world.store.put_new = slowly  # type: ignore[method-assign] # because it is of this one fake
    taking = asyncio.ensure_future(world.take(asked(kept=True)))
    await settle()
    taking.cancel()
    await settle()
    go.set()
    await world.clock.advance(60)
    assert PLACE.owner(world.sent[0]) in world.store.objects
    assert not world.is_cancelled(world.sent[0])
    assert world.desk.registry.find(world.sent[0]) is None
