from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.gateway.desks import PLACE
from support.inputs.lines import lane_estimate
from support.inputs.offers import MODEL

if TYPE_CHECKING:
    from support.doors.house import House

HI: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": True}
OPENAI = "/v1/chat/completions"


async def test_what_workers_have_written_comes_before_what_one_gateway_has_seen(house: House) -> None:
    house.store.put(PLACE.lane_estimate("fast"), lane_estimate().model_dump_json().encode())
    house.desk.queued["fast"] = 41
    call = await house.ask(OPENAI, HI)
    assert call.told["x-laneway-queued"] == "41"
    assert 150 < int(call.told["x-laneway-estimate"]) < 180
    low, high = (int(each) for each in call.told["x-laneway-estimate-range"].split("-"))
    assert 150 < low < int(call.told["x-laneway-estimate"]) < high < 190


async def test_many_requests_cost_one_look(house: House) -> None:
    key = PLACE.lane_estimate("fast")
    house.store.put(key, lane_estimate().model_dump_json().encode())
    house.desk.queued["fast"] = 41
    for _ in range(5):
        await house.ask(OPENAI, HI)
    assert house.store.calls.count(("read", key)) == 1


async def test_without_such_a_document_nothing_is_foretold_of_a_first_request(house: House) -> None:
    house.desk.queued["fast"] = 41
    call = await house.ask(OPENAI, HI)
    assert call.told["x-laneway-queued"] == "41"
    assert "x-laneway-estimate" not in call.told
