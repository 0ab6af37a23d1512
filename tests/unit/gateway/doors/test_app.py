from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laneway_gateway.desk import Ended
from support.inputs.offers import CHAT, MODEL

if TYPE_CHECKING:
    import pytest

    from support.doors.house import House

HI = {"model": MODEL, "messages": [{"role": "user", "content": "the secret"}], "stream": False}


async def test_other_paths_are_told_in_the_shape_of_the_nearest_door(house: House) -> None:
    for path in ("/chat/completions", "/v1/audio/speech", "/v2"):
        call = await house.ask(path, {})
        assert (call.status, call.json["error"]["type"], call.told["x-should-retry"]) == (
            404,
            "not_found_error",
            "false",
        )
        assert "/v1 for OpenAI's clients" in call.json["error"]["message"]
    assert "there is nothing at this path" in (await house.ask("/api/blobs/sha256:1")).json["error"]


async def test_other_methods_are_told_which_ones_there_are(house: House) -> None:
    call = await house.ask("/v1/chat/completions")
    assert (call.status, call.told["allow"]) == (405, "POST")
    assert call.json["error"]["message"] == "this path knows POST alone"
    options = house.call("OPTIONS", "/api/tags")
    assert (await options.over()).status == 405


async def test_a_head_is_a_get_without_its_body(house: House) -> None:
    call = await house.call("HEAD", "/").over()
    assert (call.status, call.told["content-length"], call.body) == (200, "17", b"")


async def test_each_request_is_one_line_without_a_word_of_it(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "laneway_gateway")
    house.desk.will(Ended(CHAT, '"e"', streamed=False))
    await house.ask("/v1/chat/completions", HI)
    await house.ask("/v1/models/the%20secret")
    await house.ask("/the-secret")
    lines = [each for each in caplog.records if each.name.startswith("laneway_gateway")]
    post = {"method": "POST", "route": "/v1/chat/completions", "status": 200, "seconds": 0.0}
    assert [each.fields for each in lines] == [  # type: ignore[attr-defined] # it is ours
        post | {"tenant": "claims", "job": "job-1"},
        {"method": "GET", "route": "/v1/models/{name:path}", "status": 404, "seconds": 0.0, "tenant": "claims"},
        {"method": "GET", "route": "-", "status": 404, "seconds": 0.0},
    ]
    assert "secret" not in caplog.text
    assert house.figures.answers == [
        ("openai", "/v1/chat/completions", 200),
        ("openai", "/v1/models/{name:path}", 404),
        ("openai", "-", 404),
    ]


async def test_a_defect_is_told_without_its_words(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.desk.will(Ended(None, '"e"', streamed=False))  # type: ignore[arg-type] # a defect
    call = await house.ask("/v1/chat/completions", HI)
    assert (call.status, call.json["error"]["type"]) == (500, "api_error")
    assert "secret" not in caplog.text
    assert house.desk.held["job-1"].left == [False]
