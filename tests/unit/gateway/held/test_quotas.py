"""Quotas at the desk: what is refused leaves nothing behind, and every job that was sent is settled once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import Job
from laneway.schema.job.result import Cost, ErrorDetail, Usage
from laneway.translate.refused import Refused
from laneway.translate.translated import Translated
from laneway_gateway.errors import PoolUnreachable, QuotaExceeded
from laneway_gateway.held.leaving import GRACE_SECONDS
from laneway_gateway.held.settling import LOOK_SECONDS
from laneway_gateway.testing.clock import settle
from laneway_gateway.usage.usage import RHYTHM_SECONDS
from support.gateway.desks import PLACE, TENANT, Client, World, asked, ended

if TYPE_CHECKING:
    from laneway_gateway.desk import Asked, Tenant
    from laneway_gateway.held.desk import HeldDesk

DOWN = PoolUnreachable("nothing answers")
USED: dict[str, Any] = {
    "usage": Usage(prompt_tokens=60, completion_tokens=40),
    "cost": Cost(gpu_seconds=3.0),
}


def used(world: World, tenant: Tenant, desk: HeldDesk | None = None) -> dict[str, float]:
    return {each.unit: each.used for each in (desk or world.desk).limits(tenant)}


def request(tenant: Tenant, prompt: str = "Hi", **fields: Any) -> Asked:
    return asked(prompt, tenant=tenant, **fields)


async def refused(world: World, asked: Asked, desk: HeldDesk | None = None) -> str:
    with pytest.raises(QuotaExceeded) as caught:
        await world.take(asked, desk)
    return caught.value.quota


async def test_what_is_refused_leaves_nothing_in_bucket_or_queue(world: World) -> None:
    tenant = world.limited(jobs=1)
    await world.take(request(tenant))
    await settle()
    before, sent = dict(world.store.objects), list(world.sent)
    assert await refused(world, request(tenant, "other")) == "jobsInFlight"
    assert await refused(world, request(tenant, "other", idempotency_key="k")) == "jobsInFlight"
    assert await refused(world, request(tenant, "other", retry=1)) == "jobsInFlight"
    await settle()
    assert (world.store.objects, world.sent) == (before, sent)
    assert world.desk.rooms.held == 1


async def test_others_are_not_in_its_way(world: World) -> None:
    tenant = world.limited(jobs=1)
    await world.take(request(tenant))
    await world.take(request(TENANT, "without a quota"))
    await world.take(request(replace(tenant, name="payroll")))
    assert len(world.sent) == 3


@pytest.mark.parametrize("way", ["retry", "key"])
async def test_who_has_used_all_still_joins_its_own_running_job(world: World, way: str) -> None:
    tenant = world.limited(jobs=1)
    first = request(tenant, idempotency_key="k" if way == "key" else None)
    held = await world.take(first)
    await settle()
    again = await world.take(replace(first, retry=0 if way == "key" else 1))
    elsewhere = await world.take(replace(first, retry=1), world.another())
    assert (again.job_id, elsewhere.job_id, again.joined, len(world.sent)) == (held.job_id, held.job_id, True, 1)
    assert used(world, tenant) == {"jobs": 1}


async def test_who_only_looks_is_never_refused(world: World) -> None:
    tenant = world.limited(jobs=1)
    held = await world.take(request(tenant))
    await settle()
    assert await refused(world, request(tenant, "other")) == "jobsInFlight"
    assert (await world.desk.standing(tenant, held.job_id)).status == "queued"
    assert (await world.desk.follow(tenant, held.job_id)).job_id == held.job_id
    assert (await world.desk.cancel(tenant, held.job_id)).status == "cancelling"


async def test_a_stream_counts_as_its_result_says(world: World) -> None:
    tenant = world.limited(tokens=100, jobs=9)
    held = await world.take(request(tenant))
    client = Client(held)
    worker = world.worker(held.job_id)
    worker.add([ended(world.commit(held.job_id, **USED))])
    await client.all()
    assert used(world, tenant) == {"tokens": 100, "jobs": 0}
    assert await refused(world, request(tenant, "other")) == "tokensPerDay"


@pytest.mark.parametrize("kept", [True, False])
async def test_jobs_that_nobody_follows_are_counted_when_they_end(world: World, kept: bool) -> None:  # noqa: FBT001 - a case
    tenant = world.limited(tokens=1000, gpu_seconds=100, jobs=9)
    held = await world.take(request(tenant, kept=kept))
    await held.leave(hung_up=True)
    await world.clock.advance(GRACE_SECONDS + LOOK_SECONDS)
    assert world.is_cancelled(held.job_id) is not kept
    assert used(world, tenant) == {"tokens": 0, "gpu-seconds": 0.0, "jobs": 1}
    unanswered: dict[str, Any] = {
        "status": "cancelled",
        "error": ErrorDetail.of(ErrorCode.CANCELLED, "-"),
        "text": None,
        "usage": None,
    }
    world.commit(held.job_id, **(USED if kept else unanswered))
    await world.clock.advance(LOOK_SECONDS)
    assert used(world, tenant) == {"tokens": 100 if kept else 0, "gpu-seconds": 3.0 if kept else 2.0, "jobs": 0}
    assert world.desk.usage.open == []


async def test_it_is_counted_once_however_many_gateways_read_it(world: World) -> None:
    tenant, other = world.limited(tokens=1000), world.another()
    first = request(tenant)
    held = await world.take(first)
    await settle()
    joined = await world.take(replace(first, retry=1), other)
    world.commit(held.job_id, **USED)
    await world.clock.advance(LOOK_SECONDS)
    for desk in (world.desk, other):
        await desk.standing(tenant, held.job_id)
    await joined.leave(hung_up=False)
    await world.clock.advance(RHYTHM_SECONDS * 2)
    assert used(world, tenant) == used(world, tenant, other) == {"tokens": 100}


async def test_a_job_that_was_not_sent_is_not_in_flight(world: World) -> None:
    tenant = world.limited(jobs=1)
    for _ in range(3):
        world.queues.errors.append((DOWN, False))
        with pytest.raises(PoolUnreachable):
            await world.take(request(tenant))
    large = Translated("fast", "gemma3:4b", Job(prompt="é" * 600_000))
    with pytest.raises(Refused):
        await world.take(request(tenant, translated=large))
    assert used(world, tenant) == {"jobs": 0}
    await world.take(request(tenant))


async def test_who_hangs_up_while_its_job_is_sent_has_one_in_flight(world: World) -> None:
    tenant = world.limited(jobs=1)
    world.store.holds_up = PLACE.owner("")[:-5]
    taking = asyncio.ensure_future(world.take(request(tenant)))
    await settle()
    taking.cancel()
    world.store.go_on.set()
    await settle()
    assert (len(world.sent), used(world, tenant)) == (1, {"jobs": 1})


async def test_a_job_that_is_sent_again_under_its_id_is_one(world: World) -> None:
    tenant = world.limited(jobs=2, tokens=1000)
    first = request(tenant, idempotency_key="k")
    world.queues.errors.append((DOWN, True))
    with pytest.raises(PoolUnreachable):
        await world.take(first)
    taking = asyncio.ensure_future(world.take(first))
    await world.clock.advance(20)
    held = await taking
    assert used(world, tenant) == {"tokens": 0, "jobs": 1}
    world.commit(held.job_id, **USED)
    await world.clock.advance(LOOK_SECONDS)
    assert used(world, tenant) == {"tokens": 100, "jobs": 0}


async def test_a_result_that_nobody_can_read_frees_its_place(world: World) -> None:
    tenant = world.limited(jobs=1)
    held = await world.take(request(tenant, kept=True))
    await held.leave(hung_up=False)
    await world.clock.advance(GRACE_SECONDS)
    world.store.put(PLACE.result(held.job_id), b"{}")
    await world.clock.advance(LOOK_SECONDS)
    assert used(world, tenant) == {"jobs": 0}


async def test_a_bucket_that_is_away_loses_no_count(world: World) -> None:
    tenant = world.limited(jobs=1, tokens=1000)
    held = await world.take(request(tenant, kept=True))
    await held.leave(hung_up=False)
    await world.clock.advance(GRACE_SECONDS)
    world.commit(held.job_id, **USED)
    world.store.error = DOWN
    await world.clock.advance(LOOK_SECONDS * 3)
    assert used(world, tenant)["jobs"] == 1
    world.store.error = None
    await world.clock.advance(LOOK_SECONDS)
    assert used(world, tenant) == {"tokens": 100, "jobs": 0}


async def test_many_at_once_get_no_more_than_there_is(world: World) -> None:
    tenant = world.limited(jobs=2)
    takings = [world.take(request(tenant, str(number), idempotency_key=f"k{number}")) for number in range(5)]
    found = await asyncio.gather(*takings, return_exceptions=True)
    await settle()
    assert [type(each) for each in found].count(QuotaExceeded) == 3
    assert len(world.sent) == 2
    assert len([key for key in world.store.objects if "/joins/" in key]) == 2
