from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_gateway.desk import Broken, Ended, Record, Started
from laneway_gateway.testing.clock import settle
from support.doors.house import KEY
from support.inputs.offers import CHAT, CHAT_RECORDS, MODEL, TEXT, TEXT_RECORDS, failed

if TYPE_CHECKING:
    from support.doors.house import Call, House

OPENAI, OLLAMA = "/v1/chat/completions", "/api/chat"
HI: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": True}
DOORS = pytest.mark.parametrize("path", [OPENAI, OLLAMA])
SAID = [*map(Record, CHAT_RECORDS)]
DONE = Ended(CHAT, '"e"', streamed=True)


def texts(call: Call) -> list[str]:
    """What each piece says."""
    if call.path == OPENAI:
        deltas = [each["choices"][0]["delta"] for each in call.chunks if "choices" in each]
        return [each["content"] for each in deltas if "content" in each]
    return [each["message"]["content"] for each in call.lines if "message" in each]


def last(call: Call) -> Any:
    """The last piece."""
    return call.chunks[-1] if call.path == OPENAI else call.lines[-1]


@DOORS
async def test_an_answer_comes_as_it_is_made(house: House, path: str) -> None:
    house.desk.will(Started(1), *SAID[:3], go := asyncio.Event(), *SAID[3:], DONE)
    call = await house.ask(path, HI)
    assert (call.status, "".join(texts(call)), call.task.done()) == (200, "Par", False)
    assert (call.told["x-laneway-job-id"], call.told["x-accel-buffering"]) == ("job-1", "no")
    go.set()
    await call.over()
    assert "".join(texts(call)) == "Paris.\u2028"
    assert last(call) == "[DONE]" if path == OPENAI else last(call)["done"]
    assert house.desk.held["job-1"].left == [False]
    assert (house.figures.first_tokens, house.figures.now_held) == ([house.figures.answers[0][0]], 0)


@DOORS
async def test_something_is_said_before_anything_is_known(house: House, path: str) -> None:
    call = await house.ask(path, HI)
    assert texts(call) == [""]
    assert house.figures.first_tokens == []


@DOORS
async def test_what_was_not_streamed_is_replayed(house: House, path: str) -> None:
    house.desk.will(Ended(CHAT, '"e"', streamed=False))
    call = await house.ask(path, HI)
    assert "".join(texts(call)) == "Paris."
    assert last(call) == "[DONE]" if path == OPENAI else last(call)["done"]


async def test_generated_text_and_completions_are_streamed_too(house: House) -> None:
    for path in ("/api/generate", "/v1/completions"):
        house.desk.will(*map(Record, TEXT_RECORDS), Ended(TEXT, '"e"', streamed=True))
        call = await house.ask(path, {"model": MODEL, "prompt": "hi", "stream": True})
        assert b"Par" in call.body
        assert call.body.endswith(b"data: [DONE]\n\n" if path == "/v1/completions" else b"}\n")


@DOORS
async def test_silence_is_broken_every_ten_seconds(house: House, path: str) -> None:
    house.desk.will(first := asyncio.Event(), SAID[2], asyncio.Event())
    call = await house.ask(path, HI)
    await house.clock.advance(30)
    assert texts(call) == ["", "", "", ""]
    await house.clock.advance(9)
    first.set()
    await settle()
    await house.clock.advance(9)
    assert texts(call) == ["", "", "", "", "Par"]
    await house.clock.advance(1)
    assert texts(call) == ["", "", "", "", "Par", ""]


@DOORS
@pytest.mark.parametrize("code", [ErrorCode.EXPIRED, ErrorCode.CANCELLED, ErrorCode.FORMAT_NOT_MET])
async def test_a_job_that_has_no_answer_ends_its_stream_as_an_error(house: House, path: str, code: ErrorCode) -> None:
    house.desk.will(SAID[2], Ended(failed(code), '"e"', streamed=True))
    call = await house.ask(path, HI)
    assert call.task.done()
    assert "what happened" in str(last(call)["error"])


@DOORS
async def test_what_is_broken_ends_with_the_jobs_id(house: House, path: str) -> None:
    house.desk.will(SAID[2], Broken("another attempt answered otherwise."))
    call = await house.ask(path, HI)
    assert call.task.done()
    assert "another attempt answered otherwise. Job: job-1" in str(last(call)["error"])
    assert house.desk.held["job-1"].left == [False]


@DOORS
async def test_a_client_that_goes_is_left_as_one_that_hung_up(house: House, path: str) -> None:
    house.desk.will(SAID[2])
    call = await house.ask(path, HI)
    await call.hang_up()
    assert call.task.done()
    assert house.desk.held["job-1"].left == [True]
    assert house.figures.now_held == 0


@DOORS
async def test_a_client_that_reads_nothing_is_taken_for_gone(house: House, path: str) -> None:
    house.desk.will(go := asyncio.Event(), *SAID)
    call = await house.ask(path, HI)
    call.blocked = asyncio.Event()
    go.set()
    await settle()
    await house.clock.advance(59)
    assert not call.task.done()
    await house.clock.advance(11)
    assert call.task.done()
    assert house.desk.held["job-1"].left == [True]


@DOORS
async def test_a_client_that_reads_slowly_hears_everything(house: House, path: str) -> None:
    house.desk.will(go := asyncio.Event(), *SAID, DONE)
    call = await house.ask(path, HI)
    call.blocked = asyncio.Event()
    go.set()
    await house.clock.advance(40)
    call.blocked.set()
    await call.over()
    assert texts(call).count("") == (1 if path == OPENAI else 4)  # nothing was pressed upon it meanwhile
    assert "".join(texts(call)) == "Paris.\u2028"


@DOORS
async def test_a_key_that_is_revoked_ends_its_streams(house: House, path: str) -> None:
    house.desk.will(SAID[2])
    call = await house.ask(path, HI)
    del house.keys.tenants[KEY]
    await house.clock.advance(10)
    assert call.task.done()
    assert "the key is no longer known. Job: job-1" in str(last(call)["error"])
    assert house.desk.held["job-1"].left == [True]


@DOORS
async def test_a_key_that_is_revoked_ends_a_stream_that_nobody_reads(house: House, path: str) -> None:
    house.desk.will(go := asyncio.Event(), *SAID)
    call = await house.ask(path, HI)
    call.blocked = asyncio.Event()
    go.set()
    await settle()
    del house.keys.tenants[KEY]
    await house.clock.advance(20)
    assert call.task.done()


@DOORS
async def test_a_server_that_stops_has_not_hung_up_for_its_clients(house: House, path: str) -> None:
    call = await house.ask(path, HI)
    call.task.cancel()
    await settle()
    assert house.desk.held["job-1"].left == [False]


@DOORS
async def test_a_defect_ends_a_stream_and_quotes_nothing(
    house: House, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    house.desk.will(SAID[2], None)  # type: ignore[arg-type] # a defect
    house.desk.will(Record({"message": {"content": "secret", "tool_calls": None}}), Ended(None, "", streamed=True))  # type: ignore[arg-type] # as above
    await house.ask(path, HI)
    call = await house.ask(path, HI)
    assert "the gateway has a defect" in str(last(call)["error"])
    assert house.desk.held["job-2"].left == [False]
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == ["defect: AttributeError"]
