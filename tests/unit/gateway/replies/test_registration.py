from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.reply import GatewayDocument
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.replies.registration import RENEW_SECONDS, Registration
from support.gateway.desks import PLACE, registered

if TYPE_CHECKING:
    from laneway_gateway.testing.clock import ManualClock
    from laneway_gateway.testing.pool import MemoryStore

ID = "abcdefgh01234567"
KEY = PLACE.gateway(ID)


@pytest.fixture
def registration(store: MemoryStore, clock: ManualClock) -> Registration:
    return Registration(store, PLACE, clock, registered(ID, clock.now()))


def stands(store: MemoryStore) -> GatewayDocument:
    return GatewayDocument.model_validate_json(store.objects[KEY].body)


async def test_it_is_said_renewed_and_taken_back(
    registration: Registration, store: MemoryStore, clock: ManualClock
) -> None:
    await registration.begin()
    began = clock.now()
    assert stands(store).renewed_at == began
    running = asyncio.ensure_future(registration.run())
    await clock.advance(3 * RENEW_SECONDS)
    assert (stands(store).started_at, stands(store).renewed_at) == (began, clock.now())
    running.cancel()
    await registration.end()
    assert KEY not in store.objects


@pytest.mark.parametrize("what", ["gone", "another", "away"])
async def test_it_is_said_again_whatever_happened_to_it(
    registration: Registration, store: MemoryStore, clock: ManualClock, what: str
) -> None:
    await registration.begin()
    running = asyncio.ensure_future(registration.run())
    if what == "gone":
        del store.objects[KEY]
    elif what == "another":
        store.put(KEY, b"{}")
    else:
        store.error = PoolUnreachable("nothing answers")
        await clock.advance(2 * RENEW_SECONDS)
        store.error = None
    await clock.advance(RENEW_SECONDS)
    assert stands(store).renewed_at == clock.now()
    running.cancel()
    await registration.end()
    assert KEY not in store.objects


async def test_a_gateway_that_can_not_register_says_so(registration: Registration, store: MemoryStore) -> None:
    store.error = PoolUnreachable("nothing answers")
    with pytest.raises(PoolUnreachable):
        await registration.begin()
