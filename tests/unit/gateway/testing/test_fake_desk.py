from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.job import Job
from laneway.translate.translated import Translated
from laneway_gateway.desk import Asked, Broken, Record, Started, Tenant
from laneway_gateway.errors import TooManyHeld, UnknownJob
from laneway_gateway.testing.desk import FakeDesk

if TYPE_CHECKING:
    from laneway_gateway.desk import Desk

TENANT = Tenant("claims")
ASKED = Asked(TENANT, Translated("fast", "gemma3:4b", Job(prompt="Hi")), "/v1/chat/completions", "00" * 32)


async def test_a_script_is_played_until_its_end() -> None:
    desk = FakeDesk()
    desk.will(Started(1), Record({"response": "Hi"}), Broken("gone"), Record({"response": "never"}))
    held = await desk.take(ASKED, desk.reserve(TENANT))
    assert [each async for each in held.events()] == [Started(1), Record({"response": "Hi"}), Broken("gone")]


async def test_a_held_request_is_silent_until_the_test_says_so() -> None:
    desk: Desk = (fake := FakeDesk())
    fake.will(go := asyncio.Event(), Broken("gone"))
    waiting = asyncio.ensure_future((await desk.take(ASKED, desk.reserve(TENANT))).ended())
    await asyncio.sleep(0)
    assert not waiting.done()
    go.set()
    assert await waiting == Broken("gone")


async def test_refusals_and_other_tenants_jobs_are_told() -> None:
    desk = FakeDesk()
    desk.refuses(TooManyHeld("too many"))
    with pytest.raises(TooManyHeld):
        await desk.take(ASKED, desk.reserve(TENANT))
    held = await desk.take(ASKED, desk.reserve(TENANT))
    with pytest.raises(UnknownJob):
        await desk.follow(Tenant("others"), held.job_id)
    assert await desk.follow(TENANT, held.job_id) is held
