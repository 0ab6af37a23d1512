from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.doors.house import House


async def test_models_are_listed_and_found(house: House) -> None:
    listed = await house.ask("/v1/models")
    assert [each["id"] for each in listed.json["data"]] == ["gemma3:4b", "lane:slow", "nomic-embed-text"]
    assert (await house.ask("/v1/models/lane:slow")).json["owned_by"] == "laneway"


async def test_a_model_with_a_slash_is_told_by_its_whole_name(house: House) -> None:
    call = await house.ask("/v1/models/hf.co/x/y:Q4_K_M")
    assert (call.status, call.json["error"]["code"]) == (404, "model_not_found")
    assert "'hf.co/x/y:Q4_K_M' not found" in call.json["error"]["message"]
