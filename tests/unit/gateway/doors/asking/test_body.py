from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway_gateway.doors.asking.body import MOST_BYTES, MOST_MARKS, MOST_SECONDS
from laneway_gateway.testing.clock import settle

if TYPE_CHECKING:
    from support.doors.house import House

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[1]", "should be a JSON object"),
        (b'{"model": "gemma3:4b", "model": "b"}', "twice"),
        (b'{"model": NaN}', "NaN"),
        (b'{"model": "\xff"}', "not UTF-8"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "levels deep"),
    ],
)
async def test_what_is_no_strict_json_is_refused_in_each_doors_shape(house: House, body: bytes, words: str) -> None:
    call = await house.ask(CHAT, body)
    assert (call.status, call.told["x-should-retry"]) == (400, "false")
    assert words in call.json["error"]["message"]
    native = await house.ask("/api/chat", body)
    assert native.status == 400
    assert words in native.json["error"]
    assert house.desk.asked == []


@pytest.mark.parametrize("length", [str(MOST_BYTES + 1), "9" * 5000])
async def test_a_body_that_says_it_is_too_large_is_not_read(house: House, length: str) -> None:
    call = await house.call("POST", CHAT, {"content-length": length}).over()
    assert (call.status, call.json["error"]["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "body", [b"[" + b"[]," * MOST_MARKS, b'["a"' + b',"a"' * MOST_MARKS, b"[1" + b",1" * MOST_MARKS]
)
@pytest.mark.parametrize("path", [CHAT, "/jobs"])
async def test_a_body_that_would_keep_all_others_waiting_is_not_looked_at(house: House, path: str, body: bytes) -> None:
    call = await house.ask(path, body)
    assert (call.status, call.json["error"]["code"]) == (413, "body_too_large")
    assert "50,000 names, values and brackets" in call.json["error"]["message"]


async def test_a_long_text_is_one_value(house: House) -> None:
    text = 'a, [b], {c}: "d" \\ ' * 40_000
    await house.ask(CHAT, {"model": "gemma3:4b", "messages": [{"role": "user", "content": text}]})
    assert house.desk.asked[0].translated.job.messages[0].content == text  # type: ignore[index] # it has one


async def test_a_body_that_becomes_too_large_is_read_no_further(house: House) -> None:
    call = house.call("POST", CHAT)
    for _ in range(MOST_BYTES // 65536):
        call.give(b" " * 65536, more=True)
    await settle()
    assert call.status is None
    call.give(b" ", more=True)
    assert (await call.over()).status == 413


async def test_a_body_that_comes_too_slowly_is_not_waited_for(house: House) -> None:
    call = house.call("POST", CHAT)
    call.give(b"{", more=True)
    await house.clock.advance(MOST_SECONDS - 1)
    call.give(b" ", more=True)
    await settle()
    assert call.sent == []
    await house.clock.advance(1)
    assert (call.status, call.told["x-should-retry"]) == (408, "false")


async def test_half_a_request_becomes_nothing(house: House) -> None:
    call = house.call("POST", CHAT)
    call.give(b'{"model": "gemma3:4b"', more=True)
    await call.hang_up()
    assert call.task.done()
    assert (call.sent, house.desk.asked) == ([], [])
    assert house.figures.answers == [("openai", CHAT, 499)]


async def test_what_was_asked_is_known_by_its_bytes(house: House) -> None:
    body = b'{"model": "gemma3:4b", "messages": [{"role": "user", "content": "hi"}]}'
    for each in (body, body, body + b" "):
        await house.ask(CHAT, each)
    first, second, third = (each.body_hash for each in house.desk.asked)
    assert first == second != third
