"""What gateways tell one another through the bucket."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.keys import Place
from laneway.schema.job.result import Cost
from laneway.schema.job.result import Usage as Tokens
from laneway_gateway.desk import Tenant
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.testing.clock import ManualClock
from laneway_gateway.testing.pool import MemoryStore
from laneway_gateway.usage.ledger import STALE
from laneway_gateway.usage.usage import RENEWED, RHYTHM_SECONDS, Usage
from support.gateway.quotas import quota
from support.inputs.offers import failed, result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.documents.keys_file import Quota

PLACE = Place(bucket="acme-llm", prefix="documents/")
BOUNDS = quota(jobs=2, tokens=1000)
UNBOUNDED = Tenant("claims", quota=quota(jobs=10_000, tokens=10**9))
CLAIMS, FREE = Tenant("claims", quota=BOUNDS), Tenant("payroll")
DAY = "documents/usage/2026-11-22/"


class Gateways:
    def __init__(self, store: MemoryStore, clock: ManualClock) -> None:
        self.store, self.clock = store, clock
        self.quotas: dict[str, Quota] = {"claims": BOUNDS}

    def one(self, name: str) -> Usage:
        return Usage(self.store, PLACE, self.clock, name, lambda: self.quotas)

    def told(self, name: str, day: str = DAY) -> Any:
        return json.loads(self.store.objects[f"{day}{name}.json"].body)


@pytest.fixture
def gateways(store: MemoryStore, clock: ManualClock) -> Gateways:
    return Gateways(store, clock)


def sends(usage: Usage, job_id: str, tenant: Tenant = CLAIMS) -> str | None:
    """Which quota refuses it."""
    with usage.slot(tenant, job_id) as slot:
        if slot.refused is not None:
            return slot.refused.quota
        slot.keep(job_id)
    return None


def ends(usage: Usage, job_id: str, tokens: int = 10, gpu_seconds: float = 0.5) -> None:
    cost, used = Cost(gpu_seconds=gpu_seconds), Tokens(prompt_tokens=tokens - 3, completion_tokens=3)
    usage.settle(result(id=job_id, cost=cost, usage=used))


async def test_two_gateways_bound_a_key_together(gateways: Gateways) -> None:
    a, b = gateways.one("a"), gateways.one("b")
    assert sends(a, "1") is None
    await a.exchange()
    await b.exchange()
    assert sends(b, "2") is None
    assert sends(b, "3") == "jobsInFlight"
    ends(a, "1", tokens=1000)
    await a.exchange()
    assert sends(b, "3") == "jobsInFlight"
    await b.exchange()
    assert sends(b, "3") == "tokensPerDay"


async def test_prompt_and_answer_count_and_the_accelerators_seconds(gateways: Gateways) -> None:
    a = gateways.one("a")
    sends(a, "1")
    ends(a, "1", tokens=600, gpu_seconds=2.5)
    await a.exchange()
    assert gateways.told("a")["tenants"] == {"claims": {"jobs_in_flight": 0, "tokens": 600, "gpu_seconds": 2.5}}
    (limit, jobs) = a.limits(CLAIMS)
    assert (limit.used, limit.left, jobs.left) == (600, 400, 2)


async def test_a_result_that_used_nothing_frees_its_place(gateways: Gateways) -> None:
    a = gateways.one("a")
    sends(a, "1")
    a.settle(result(id="1", usage=None, cost=None))
    assert a.limits(CLAIMS)[1].used == 0
    assert a.limits(CLAIMS)[0].used == 0


@pytest.mark.parametrize("code", [ErrorCode.CANCELLED, ErrorCode.EXPIRED, ErrorCode.FORMAT_NOT_MET])
async def test_an_answer_that_was_cut_counts_with_the_seconds_that_it_ran(gateways: Gateways, code: ErrorCode) -> None:
    a, claims = gateways.one("a"), Tenant("claims", quota=quota(gpu_seconds=3))
    ended = failed(code)
    waited = ended.timing.model_copy(update={"started_at": None, "run_seconds": 0.0})
    for job_id, update in (("never ran", {"timing": waited}), ("1", {}), ("2", {})):
        assert sends(a, job_id, claims) is None
        a.settle(ended.model_copy(update={"id": job_id} | update))
    assert a.limits(claims)[0].used == 4
    assert sends(a, "3", claims) == "gpuSecondsPerDay"


async def test_without_any_quota_the_bucket_is_not_asked(gateways: Gateways) -> None:
    gateways.quotas = {}
    a = gateways.one("a")
    assert sends(a, "1", FREE) is None
    await a.exchange()
    assert (gateways.store.calls, a.silence, a.known, a.open) == ([], 0.0, (), [])


async def test_what_has_not_changed_is_neither_written_nor_read_again(gateways: Gateways) -> None:
    a, b = gateways.one("a"), gateways.one("b")
    sends(a, "1")
    ends(a, "1")
    for each in (a, b, a, b):
        await each.exchange()
    gateways.store.calls.clear()
    for each in (a, b):
        await each.exchange()
    assert gateways.store.calls == [("etags", DAY), ("etags", DAY)]


async def test_what_is_in_flight_is_told_each_minute_and_forgotten_with_its_gateway(gateways: Gateways) -> None:
    a, b = gateways.one("a"), gateways.one("b")
    sends(a, "1")
    sends(a, "2")
    await a.exchange()
    await b.exchange()
    for _ in range(4):
        assert sends(b, "3") == "jobsInFlight"
        await gateways.clock.advance(RENEWED.total_seconds())
        await a.exchange()
        await b.exchange()
    assert sends(b, "3") == "jobsInFlight"
    await gateways.clock.advance(180)  # nothing is heard of it any more
    await b.exchange()
    assert sends(b, "3") is None


async def test_a_gateway_that_comes_later_knows_the_day_of_those_that_went(gateways: Gateways) -> None:
    a = gateways.one("a")
    sends(a, "1")
    ends(a, "1", tokens=1000)
    await a.exchange()
    await gateways.clock.advance(3600)
    b = gateways.one("b")
    await b.exchange()
    assert sends(b, "2") == "tokensPerDay"


async def test_at_midnight_all_begin_anew_and_what_runs_still_counts(store: MemoryStore) -> None:
    clock = ManualClock(datetime(2026, 11, 22, 23, 59, 55, tzinfo=UTC))
    gateways = Gateways(store, clock)
    a, b = gateways.one("a"), gateways.one("b")
    sends(a, "1")
    sends(a, "2")
    ends(a, "1", tokens=5000)
    await a.exchange()
    await b.exchange()
    assert sends(b, "3") == "tokensPerDay"
    await clock.advance(5)
    assert sends(b, "3") is None
    assert sends(b, "4") == "jobsInFlight"  # one of the other's, as it was last told
    await a.exchange()
    tomorrow = "documents/usage/2026-11-23/"
    assert gateways.told("a", tomorrow)["tenants"] == {"claims": {"jobs_in_flight": 1, "tokens": 0, "gpu_seconds": 0.0}}
    c = gateways.one("c")
    await c.exchange()
    assert c.limits(CLAIMS)[1].used == 1


async def test_a_bucket_that_is_away_stops_nobody_and_what_is_known_counts(gateways: Gateways) -> None:
    a, b = gateways.one("a"), gateways.one("b")
    sends(a, "1")
    ends(a, "1", tokens=900)
    await a.exchange()
    await b.exchange()
    gateways.store.error = PoolUnreachable("away")
    await gateways.clock.advance(60)
    await b.exchange()
    assert b.silence == 60
    assert b.limits(CLAIMS)[0].left == 100  # who can't be told of others is not told that nothing is left
    assert sends(b, "2") is None
    ends(b, "2", tokens=99)
    assert sends(b, "3") is None
    ends(b, "3", tokens=4)
    assert sends(b, "4") == "tokensPerDay"
    gateways.store.error = None
    await b.exchange()
    assert (b.silence, gateways.told("b")["tenants"]["claims"]["tokens"]) == (0, 103)


async def test_who_may_not_write_there_still_hears_of_the_others(gateways: Gateways) -> None:
    a, b = gateways.one("a"), gateways.one("b")
    sends(a, "1")
    ends(a, "1", tokens=1000)
    await a.exchange()
    sends(b, "2")
    gateways.store.refuses = f"{DAY}b"
    await b.exchange()
    assert sends(b, "3") == "tokensPerDay"


async def test_a_write_whose_answer_was_lost_is_written_over(gateways: Gateways) -> None:
    a = gateways.one("a")
    sends(a, "1")
    gateways.store.put(f"{DAY}a.json", b"{}")
    await a.exchange()
    assert gateways.told("a")["tenants"]["claims"]["jobs_in_flight"] == 1
    del gateways.store.objects[f"{DAY}a.json"]
    ends(a, "1")
    await a.exchange()
    assert gateways.told("a")["tenants"]["claims"]["tokens"] == 10


async def test_what_is_not_understood_is_passed_over(gateways: Gateways) -> None:
    gateways.store.put(f"{DAY}new.json", b'{"version": 2}')
    a = gateways.one("a")
    await a.exchange()
    await a.exchange()
    assert sends(a, "1") is None
    assert [each for each in gateways.store.calls if each[0] == "read"] == [("read", f"{DAY}new.json")]


async def test_a_slot_that_nothing_came_of_is_free_again(gateways: Gateways) -> None:
    a = gateways.one("a")
    for _ in range(5):
        with suppress(ZeroDivisionError), a.slot(CLAIMS, "refused for its body"):
            raise ZeroDivisionError
    assert a.open == []
    with a.slot(CLAIMS, "1") as slot:
        slot.keep("the id of an earlier try")
    assert a.open == ["the id of an earlier try"]
    slot.release()
    assert a.open == []


async def test_another_key_of_a_name_and_a_quota_that_changes_go_on_with_what_was_used(gateways: Gateways) -> None:
    a = gateways.one("a")
    sends(a, "1")
    ends(a, "1", tokens=1000)
    assert sends(a, "2", Tenant("claims", quota=BOUNDS)) == "tokensPerDay"
    more = Tenant("claims", quota=quota(tokens=2000))
    assert sends(a, "2", more) is None
    assert sends(a, "3", Tenant("payroll", quota=BOUNDS)) is None


async def test_it_goes_on_by_itself(gateways: Gateways) -> None:
    a = gateways.one("a")
    running = asyncio.ensure_future(a.run())
    await gateways.clock.advance(0)
    sends(a, "1")
    await gateways.clock.advance(RHYTHM_SECONDS)
    running.cancel()
    assert gateways.told("a")["tenants"]["claims"]["jobs_in_flight"] == 1
    assert [(tenant, each.name, each.used) for tenant, each in a.known] == [
        ("claims", "tokensPerDay", 0),
        ("claims", "jobsInFlight", 1),
    ]
    assert timedelta(seconds=RHYTHM_SECONDS) < RENEWED


@dataclass
class Lossy(MemoryStore):
    """A bucket whose answers to writes may be lost: what was written is there all the same."""

    loses: bool = False

    def put(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> str:
        """Write, and say nothing of it."""
        etag = super().put(key, body, metadata)
        if self.loses:
            raise PoolUnreachable("no answer")
        return etag


class Play:
    """Three gateways, of which any may end and another one begin, before a bucket that fails as it likes."""

    def __init__(self) -> None:
        self.store, self.clock = Lossy(), ManualClock()
        self.gateways = Gateways(self.store, self.clock)
        self.gateways.quotas["claims"] = UNBOUNDED.quota or BOUNDS
        self.numbers = count()
        self.living = [self.gateways.one(f"g{next(self.numbers)}") for _ in range(3)]
        self.tokens = 0

    async def do(self, which: int, what: str, trouble: str) -> None:
        self.store.loses, self.store.error = trouble == "lost", PoolUnreachable("away") if trouble == "away" else None
        usage = self.living[which]
        if what == "sends":
            sends(usage, f"job-{next(self.numbers)}", UNBOUNDED)
        elif what == "ends" and usage.open:
            ends(usage, usage.open[0], tokens=10)
            self.tokens += 10
        elif what == "exchanges":
            await usage.exchange()
        elif what == "is replaced":
            self.store.loses, self.store.error = False, None
            await usage.tell()
            self.living[which] = self.gateways.one(f"g{next(self.numbers)}")

    async def settled(self) -> list[tuple[float, float]]:
        """Tokens and jobs, as each gateway has them once nothing fails any more."""
        self.store.loses, self.store.error = False, None
        await self.clock.advance(STALE.total_seconds())
        for each in (*self.living, *self.living):
            await each.exchange()
        return [(tokens.used, jobs.used) for tokens, jobs in (each.limits(UNBOUNDED) for each in self.living)]


STEP = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["sends", "ends", "exchanges", "is replaced"]),
    st.sampled_from(["nothing", "away", "lost"]),
)


@given(st.lists(STEP, max_size=40))
@example([(0, "sends", "nothing"), (0, "exchanges", "lost"), (0, "ends", "nothing")])
@settings(max_examples=100, deadline=None)
def test_whatever_fails_on_the_way_all_know_the_same_in_the_end(steps: list[tuple[int, str, str]]) -> None:
    async def play() -> None:
        played = Play()
        for step in steps:
            await played.do(*step)
        in_flight = sum(len(each.open) for each in played.living)
        assert await played.settled() == [(played.tokens, in_flight)] * 3

    asyncio.run(play())
