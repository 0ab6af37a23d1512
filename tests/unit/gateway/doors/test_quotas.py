"""What a client with a quota is told, at each door."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway_gateway.desk import Ended, Record
from laneway_gateway.usage.documents import Used
from laneway_gateway.usage.limits import limits_of, refusal
from support.doors.house import KEY, TENANT
from support.gateway.quotas import quota
from support.inputs.offers import CHAT, CHAT_RECORDS, MODEL

if TYPE_CHECKING:
    from laneway_gateway.errors import QuotaExceeded
    from support.doors.house import House

OPENAI, OLLAMA, RESPONSES, NATIVE = "/v1/chat/completions", "/api/chat", "/v1/responses", "/jobs"
HI: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": False}
BODIES = {OPENAI: HI, OLLAMA: HI, RESPONSES: {"model": MODEL, "input": "hi"}, NATIVE: {"prompt": "hi"}}
BOUNDS = quota(jobs=2, tokens=1000)
DAY = {
    "x-ratelimit-limit-tokens": "1000",
    "x-ratelimit-remaining-tokens": "0",
    "x-ratelimit-reset-tokens": "12h0m0s",
}


def over(house: House, used: Used) -> QuotaExceeded:
    now = house.clock.now()
    found = refusal("claims", BOUNDS, used, now)
    assert found is not None
    house.keys.tenants[KEY] = replace(TENANT, quota=BOUNDS)
    house.desk.limited = limits_of(BOUNDS, used, now)
    house.desk.refuses(found)
    return found


@pytest.mark.parametrize("path", BODIES)
async def test_a_day_that_is_used_up_is_told_in_the_doors_shape_and_not_to_be_tried_again(
    house: House, path: str
) -> None:
    words = str(over(house, Used(tokens=1204)))
    call = await house.ask(path, BODIES[path])
    assert call.status == 429
    assert (DAY | {"retry-after": "43200", "x-should-retry": "false"}).items() <= call.told.items()
    told = call.json["error"]
    if path == OLLAMA:
        assert told == words
    elif path == NATIVE:
        assert told == {"code": "insufficient_quota", "message": words}
    else:
        known = {"type": "insufficient_quota", "code": "insufficient_quota", "param": None}
        assert told == {"message": words, **known}
    assert house.figures.refused == [("claims", "tokensPerDay")]


async def test_who_waits_for_its_own_jobs_may_come_back(house: House) -> None:
    words = str(over(house, Used(jobs_in_flight=2)))
    call = await house.ask(OPENAI, HI)
    assert (call.status, call.told["retry-after"]) == (429, "5")
    assert "x-should-retry" not in call.told
    assert call.json["error"] == {
        "message": words,
        "type": "rate_limit_error",
        "param": None,
        "code": "rate_limit_exceeded",
    }
    assert {"x-ratelimit-limit-jobs": "2", "x-ratelimit-remaining-jobs": "0"}.items() <= call.told.items()


@pytest.mark.parametrize("path", ["/v1/models", f"/v1/models/{MODEL}", "/api/tags", "/api/ps", "/api/version"])
async def test_who_only_looks_is_answered_and_told_where_it_stands(house: House, path: str) -> None:
    over(house, Used(tokens=1204))
    call = await house.ask(path)
    assert call.status == 200
    assert path == "/api/version" or DAY.items() <= call.told.items()


async def test_answers_and_streams_say_what_is_left_once_they_begin(house: House) -> None:
    over(house, Used(tokens=1204))
    house.desk.scripts.clear()
    for stream in (False, True):
        house.desk.will(*map(Record, CHAT_RECORDS), Ended(CHAT, '"e"', streamed=True))
        call = await house.ask(OPENAI, HI | {"stream": stream})
        assert call.status == 200
        assert DAY.items() <= call.told.items()


async def test_without_a_quota_nothing_is_said(house: House) -> None:
    house.desk.will(Ended(CHAT, '"e"', streamed=False))
    call = await house.ask(OPENAI, HI)
    assert call.status == 200
    assert not [name for name in call.told if name.startswith("x-ratelimit")]
