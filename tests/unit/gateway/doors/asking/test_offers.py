from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_gateway.desk import Tenant
from laneway_gateway.doors.asking.offers import offers_for
from laneway_gateway.errors import PoolUnreachable
from support.doors.house import OTHER_KEY
from support.gateway.desks import PLACE

if TYPE_CHECKING:
    from support.doors.house import House

HI = {"model": "gemma3:4b", "messages": [{"role": "user", "content": "hi"}]}


async def test_a_tenants_lanes_come_in_its_own_order(house: House) -> None:
    pool = house.inside.pool
    names = [each.lane.name for each in await offers_for(pool, Tenant("a"))]
    assert names == ["fast", "slow", "vectors"]
    some = await offers_for(pool, Tenant("a", lanes=("vectors", "gone", "fast")))
    assert [each.lane.name for each in some] == ["vectors", "fast"]
    assert some[0].facts
    assert some[0].facts.capabilities == ("embedding",)


async def test_a_request_goes_to_the_tenants_first_lane_of_the_model_or_the_one_it_names(house: House) -> None:
    await house.ask("/v1/chat/completions", HI)
    await house.ask("/v1/chat/completions", HI, {"x-laneway-lane": "slow"})
    await house.ask("/api/chat", HI | {"model": "lane:slow"})
    await house.ask("/v1/chat/completions", HI, {"authorization": f"Bearer {OTHER_KEY}"})
    assert [each.translated.lane for each in house.desk.asked] == ["fast", "slow", "slow", "slow"]


async def test_an_unknown_model_is_told_with_those_there_are(house: House) -> None:
    call = await house.ask("/v1/chat/completions", HI | {"model": "gpt-4o"})
    assert (call.status, call.json["error"]["code"]) == (404, "model_not_found")
    assert "use one of these: gemma3:4b, lane:slow, nomic-embed-text" in call.json["error"]["message"]
    native = await house.ask(
        "/api/generate", {"model": "gpt-4o", "prompt": "hi"}, {"authorization": f"Bearer {OTHER_KEY}"}
    )
    assert (native.status, native.json) == (404, {"error": "model 'gpt-4o' not found; use one of these: gemma3:4b"})


async def test_a_lane_of_another_tenant_is_none(house: House) -> None:
    call = await house.ask(
        "/v1/chat/completions", HI, {"x-laneway-lane": "fast", "authorization": f"Bearer {OTHER_KEY}"}
    )
    assert call.status == 400
    assert "there is no lane fast for this key; use one of these: slow" in call.json["error"]["message"]


async def test_where_facts_cant_be_read_the_worker_refuses(house: House) -> None:
    house.store.put(PLACE.model_facts("fast"), b"{}")
    house.store.objects.pop(PLACE.model_facts("slow"))
    offers = await offers_for(house.inside.pool, Tenant("a"))
    assert [each.facts is None for each in offers] == [True, True, False]


async def test_a_pool_that_cant_be_read_is_told(house: House) -> None:
    house.store.error = PoolUnreachable("S3 does not answer")
    call = await house.ask("/v1/models")
    assert (call.status, call.told["retry-after"]) == (503, "5")
    assert call.json["error"]["message"] == "S3 does not answer"
    assert call.json["error"]["type"] == "api_error"
