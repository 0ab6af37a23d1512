from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.translate.ollama.errors import FORBIDDEN
from support.gateway.desks import PLACE
from support.inputs.offers import MODEL

if TYPE_CHECKING:
    from support.doors.house import House


async def test_the_root_is_anybodys(house: House) -> None:
    call = await house.ask("/", headers={"authorization": ""})
    assert (call.status, call.body) == (200, b"Ollama is running")


async def test_the_catalogue_is_ollamas(house: House) -> None:
    assert (await house.ask("/api/version")).json == {"version": "0.32.15"}
    assert [each["name"] for each in (await house.ask("/api/tags")).json["models"]][1] == "lane:slow"
    shown = await house.ask("/api/show", {"name": MODEL})
    assert shown.json["parameters"] == "num_ctx 8192"
    assert (await house.ask("/api/show", {"model": "gpt-4o"})).status == 404


async def test_lanes_run_of_which_a_worker_has_told(house: House) -> None:
    house.store.objects.pop(PLACE.model_facts("fast"))
    running = (await house.ask("/api/ps")).json["models"]
    assert [each["name"] for each in running] == [MODEL, "nomic-embed-text"]


@pytest.mark.parametrize("verb", FORBIDDEN)
async def test_nobody_changes_the_models(house: House, verb: str) -> None:
    for method in ("POST", "DELETE"):
        call = await house.call(method, f"/api/{verb}").over()
        assert call.status == 403
        assert call.json["error"].startswith(f"{verb} is not accepted")
    assert (await house.call("POST", f"/api/{verb}", {"authorization": ""}).over()).status == 401
