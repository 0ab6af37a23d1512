from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.schema.pool.documents.model_facts import ModelFacts
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.pool import FRESH_SECONDS, Pool
from support.gateway.desks import PLACE
from support.inputs.documents import POOL_DOCUMENT
from support.inputs.lines import lane_estimate

if TYPE_CHECKING:
    from laneway_gateway.testing.clock import ManualClock
    from laneway_gateway.testing.pool import MemoryStore

FACTS = ModelFacts(name="gemma3:4b", context_length=8192)
DOWN = PoolUnreachable("nothing answers")


@pytest.fixture
def pool(store: MemoryStore, clock: ManualClock) -> Pool:
    return Pool(store, PLACE, clock)


async def test_a_document_is_read_anew_after_a_while(pool: Pool, store: MemoryStore, clock: ManualClock) -> None:
    store.put(PLACE.pool_document(), POOL_DOCUMENT.model_dump_json().encode())
    assert await pool.document() == POOL_DOCUMENT
    other = POOL_DOCUMENT.model_copy(update={"region": "eu-west-3"})
    store.put(PLACE.pool_document(), other.model_dump_json().encode())
    assert await pool.document() == POOL_DOCUMENT
    await clock.advance(FRESH_SECONDS)
    assert await pool.document() == other


@pytest.mark.parametrize("what", ["down", "unreadable"])
async def test_what_was_read_last_counts_as_long_as_nothing_else_can_be_read(
    pool: Pool, store: MemoryStore, clock: ManualClock, what: str
) -> None:
    store.put(PLACE.pool_document(), POOL_DOCUMENT.model_dump_json().encode())
    await pool.document()
    store.put(PLACE.pool_document(), b"{}")
    store.error = DOWN if what == "down" else None
    await clock.advance(FRESH_SECONDS)
    assert await pool.document() == POOL_DOCUMENT


async def test_a_pool_that_is_not_there_is_told(pool: Pool) -> None:
    with pytest.raises(PoolUnreachable, match=r"no pool at s3://acme-llm/documents/: its pool.json is missing"):
        await pool.document()


async def test_a_pool_that_was_never_read_is_asked_again_each_time(pool: Pool, store: MemoryStore) -> None:
    store.error = DOWN
    with pytest.raises(PoolUnreachable):
        await pool.document()
    store.error = None
    store.put(PLACE.pool_document(), POOL_DOCUMENT.model_dump_json().encode())
    assert await pool.document() == POOL_DOCUMENT


async def test_facts_of_a_model_may_be_missing(pool: Pool, store: MemoryStore, clock: ManualClock) -> None:
    assert await pool.facts("fast") is None
    store.put(PLACE.model_facts("fast"), FACTS.model_dump_json().encode())
    await clock.advance(FRESH_SECONDS)
    assert await pool.facts("fast") == FACTS


async def test_how_long_jobs_wait_is_read_once_in_a_while_for_all(
    pool: Pool, store: MemoryStore, clock: ManualClock
) -> None:
    key = PLACE.lane_estimate("fast")
    store.put(key, lane_estimate().model_dump_json().encode())
    assert await pool.line("fast") == (lane_estimate(), 0.0)
    await clock.advance(10)
    assert await pool.line("fast") == (lane_estimate(), 10.0)
    assert store.calls.count(("read", key)) == 1


@pytest.mark.parametrize("what", ["down", "unreadable", "absent"])
async def test_where_that_can_not_be_read_requests_go_on_and_few_look(
    pool: Pool, store: MemoryStore, what: str
) -> None:
    key = PLACE.lane_estimate("fast")
    store.error = DOWN if what == "down" else None
    if what == "unreadable":
        store.put(key, b"{}")
    for _ in range(3):
        assert (await pool.line("fast"))[0] is None
    assert len(store.calls) == 1


async def test_what_was_read_last_grows_old_where_it_can_not_be_read_again(
    pool: Pool, store: MemoryStore, clock: ManualClock
) -> None:
    store.put(PLACE.lane_estimate("fast"), lane_estimate().model_dump_json().encode())
    await pool.line("fast")
    store.error = DOWN
    for each in range(1, 4):
        await clock.advance(FRESH_SECONDS)
        assert await pool.line("fast") == (lane_estimate(), each * FRESH_SECONDS)
