from __future__ import annotations

from typing import Any

import pytest

from laneway_gateway.desk import Ended
from support.doors.house import OTHER_KEY, House
from support.inputs.offers import CHAT, EMBEDDER, MODEL, VECTORS

HI = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat", "/v1/responses"])
async def test_who_comes_back_for_the_answer_is_told_where_to(house: House, path: str) -> None:
    body = HI | {"input": "hi"}
    call = await house.ask(path, body, {"prefer": "respond-async"})
    assert (call.status, call.told["location"]) == (202, "/jobs/job-1")
    assert call.json["url"] == "/jobs/job-1"
    assert (house.desk.asked[0].kept, house.desk.held["job-1"].left) == (True, [False])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"model": EMBEDDER, "input": ["a", "b"]}),
        ("/api/embed", {"model": EMBEDDER, "input": ["a", "b"]}),
        ("/api/embeddings", {"model": EMBEDDER, "prompt": "a"}),
    ],
)
async def test_vectors_come_whole(house: House, path: str, body: dict[str, Any]) -> None:
    house.desk.will(Ended(VECTORS, '"e"', streamed=False))
    call = await house.ask(path, body)
    assert call.status == 200
    assert "0.5" in call.body.decode()


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/chat", {"model": MODEL, "messages": []}, {"done_reason": "load"}),
        ("/api/generate", {"model": MODEL, "keep_alive": 0}, {"done_reason": "unload"}),
        ("/api/embed", {"model": EMBEDDER, "input": []}, {"embeddings": []}),
        ("/api/embeddings", {"model": EMBEDDER}, {"embedding": []}),
    ],
)
async def test_who_asks_for_a_model_alone_is_answered_at_once(
    house: House, path: str, body: dict[str, Any], said: dict[str, Any]
) -> None:
    call = await house.ask(path, body)
    assert said.items() <= call.json.items()
    assert house.desk.asked == []


async def test_a_stream_of_a_model_alone_is_one_line(house: House) -> None:
    call = await house.ask("/api/generate", {"model": MODEL, "stream": True})
    assert call.told["content-type"] == "application/x-ndjson"
    assert [each["done"] for each in call.lines] == [True]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/chat/completions", HI | {"n": 2}, "n:"),
        ("/api/chat", HI | {"options": {"num_ctx": 1_000_000}}, "options.num_ctx: this lane has a context of 8192"),
        ("/v1/chat/completions", HI | {"model": EMBEDDER, "tools": [TOOL]}, "does not support completion, tools"),
        ("/api/chat", HI | {"model": EMBEDDER, "tools": [TOOL]}, "does not support completion, tools"),
    ],
)
async def test_what_no_job_is_made_of_is_refused_before_anybody_wakes(
    house: House, path: str, body: dict[str, Any], words: str
) -> None:
    call = await house.ask(path, body)
    error = call.json["error"]
    assert call.status == 400
    assert words in (error["message"] if path.startswith("/v1") else error)
    assert "x-laneway-job-id" not in call.told
    assert house.desk.asked == []


async def test_what_was_left_out_is_named(house: House) -> None:
    house.desk.will(Ended(CHAT, '"e"', streamed=False))
    call = await house.ask("/v1/chat/completions", HI | {"user": "u-1", "logit_bias": {"1": 2}})
    assert set(call.told["x-laneway-ignored"].split(", ")) == {"user", "logit_bias"}


async def test_what_a_client_wants_of_its_job_arrives(house: House) -> None:
    await house.ask("/api/chat", HI | {"options": {"temperature": 0}}, {"x-laneway-on-disconnect": "keep"})
    asked = house.desk.asked[0]
    assert (asked.tenant.name, asked.path, asked.kept, asked.retry) == ("claims", "/api/chat", True, 0)
    assert asked.translated.body["options"] == {"temperature": 0.0}


@pytest.mark.parametrize(
    ("path", "asked", "headers", "lane", "ignored"),
    [
        ("/v1/chat/completions", {"service_tier": "flex"}, {}, "slow", None),
        ("/v1/completions", {"service_tier": "flex", "prompt": "hi"}, {}, "slow", None),
        ("/v1/responses", {"service_tier": "flex", "input": "hi"}, {}, "slow", None),
        ("/v1/chat/completions", {"service_tier": "default"}, {}, "fast", None),
        ("/v1/chat/completions", {"service_tier": "priority"}, {}, "fast", "service_tier"),
        ("/v1/chat/completions", {"service_tier": "flex"}, {"x-laneway-lane": "fast"}, "fast", "service_tier"),
        ("/v1/chat/completions", {"service_tier": "flex", "model": "lane:fast"}, {}, "fast", "service_tier"),
        ("/v1/chat/completions", {}, {"x-laneway-task": "title_generation"}, "slow", None),
        ("/api/chat", {}, {"x-laneway-task": "tags_generation"}, "slow", None),
        ("/api/chat", {}, {"x-laneway-task": ""}, "fast", None),
    ],
)
async def test_tiers_and_tasks_have_lanes_of_the_pools_choice(
    path: str, asked: dict[str, Any], headers: dict[str, str], lane: str, ignored: str | None
) -> None:
    house = House(lanes_for={"flex": "slow", "tasks": "slow"})
    body = {**HI, **asked} if "chat" in path else {"model": MODEL, **asked}
    call = await house.ask(path, body, {**headers, "prefer": "respond-async"})
    assert (call.status, house.desk.asked[0].translated.lane) == (202, lane)
    assert (call.told["x-laneway-lane"], call.told.get("x-laneway-ignored")) == (lane, ignored)
    await house.close()


async def test_a_tier_leads_to_no_lane_that_the_key_may_not_use_and_to_no_other_model() -> None:
    house = House(lanes_for={"priority": "fast", "flex": "vectors"})
    later = {"prefer": "respond-async"}
    others = {"authorization": f"Bearer {OTHER_KEY}"}
    call = await house.ask("/v1/chat/completions", HI | {"service_tier": "priority"}, later | others)
    assert (call.told["x-laneway-lane"], call.told["x-laneway-ignored"]) == ("slow", "service_tier")
    call = await house.ask("/v1/chat/completions", HI | {"service_tier": "flex"}, later)
    assert (call.told["x-laneway-lane"], call.told["x-laneway-ignored"]) == ("fast", "service_tier")
    await house.close()


async def test_a_job_of_a_task_goes_to_the_lane_of_tasks() -> None:
    house = House(lanes_for={"tasks": "slow"})
    await house.ask("/jobs", {"prompt": "hi"}, {"x-laneway-task": "nightly"})
    await house.ask("/jobs", {"prompt": "hi"})
    assert [each.translated.lane for each in house.desk.asked] == ["slow", "fast"]
    await house.close()
