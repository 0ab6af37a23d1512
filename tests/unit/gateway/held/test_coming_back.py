"""Jobs for which their senders come back, and jobs at which somebody only looks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import Job
from laneway.translate.refused import Refused
from laneway.translate.translated import Translated
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.held.leaving import GRACE_SECONDS
from laneway_gateway.testing.clock import settle
from support.gateway.desks import PLACE, TENANT, World, asked

OWNERS = PLACE.owner("a").removesuffix("a.json")


async def test_who_is_told_to_come_back_is_told_when_any_gateway_finds_the_job(world: World) -> None:
    held = await world.take(asked(kept=True))
    assert (await world.another().standing(TENANT, held.job_id)).status == "queued"


async def test_a_job_that_nobody_could_find_is_told_with_its_id(world: World) -> None:
    world.store.refuses = OWNERS
    with pytest.raises(PoolUnreachable) as error:
        await world.take(asked(kept=True))
    assert f"job {world.sent[0]} was sent, and can't be found yet" in str(error.value)


async def test_nobody_is_told_an_id_that_no_other_gateway_knows(world: World) -> None:
    """The one that tells it may die in the same moment."""
    world.store.holds_up = OWNERS
    taking = asyncio.ensure_future(world.take(asked()))
    await settle()
    assert not taking.done()
    assert len(world.sent) == 1
    world.store.go_on.set()
    held = await taking
    assert (await world.another().standing(TENANT, held.job_id)).status == "queued"


async def test_a_client_that_goes_before_it_is_told_the_id_has_hung_up(world: World) -> None:
    world.store.holds_up = OWNERS
    taking = asyncio.ensure_future(world.take(asked()))
    await settle()
    taking.cancel()
    await settle()
    world.store.go_on.set()
    await world.clock.advance(GRACE_SECONDS)
    assert world.is_cancelled(world.sent[0])


async def test_who_waits_for_the_answer_itself_is_not_refused_for_a_note(world: World) -> None:
    world.store.refuses = OWNERS
    assert (await world.take(asked())).job_id == world.sent[0]


@pytest.mark.parametrize("looks", ["before", "after"])
async def test_who_only_looks_and_leaves_last_keeps_no_job_whose_client_hung_up(world: World, looks: str) -> None:
    held = await world.take(asked())
    await settle()
    if looks == "before":
        looker = await world.desk.follow(TENANT, held.job_id)
        await held.leave(hung_up=True)
    else:
        await held.leave(hung_up=True)
        await world.clock.advance(1)
        looker = await world.desk.follow(TENANT, held.job_id)
    await world.clock.advance(2 * GRACE_SECONDS)
    assert not world.is_cancelled(held.job_id)
    await looker.leave(hung_up=False)
    await world.clock.advance(GRACE_SECONDS)
    assert world.is_cancelled(held.job_id)


async def test_a_client_that_asks_again_has_come_back(world: World) -> None:
    held = await world.take(asked())
    await settle()
    await held.leave(hung_up=True)
    again = await world.take(asked(retry=1))
    await again.leave(hung_up=False)
    await world.clock.advance(2 * GRACE_SECONDS)
    assert not world.is_cancelled(held.job_id)


async def test_a_job_that_its_labels_make_too_large_is_refused_for_good(world: World) -> None:
    job = Job(prompt="a" * (MAX_BODY_BYTES - 200))
    tenant = replace(TENANT, labels={"centre": "7" * 60, "team": "b" * 60, "stage": "c" * 60})
    with pytest.raises(Refused) as error:
        await world.take(asked(tenant=tenant, translated=Translated("fast", "gemma3:4b", job)))
    assert error.value.code is ErrorCode.BODY_TOO_LARGE
    assert world.sent == []
