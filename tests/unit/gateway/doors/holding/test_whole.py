from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.translate.statuses import STATUSES
from laneway_gateway.desk import Broken, Ended, Record, Started
from laneway_gateway.testing.clock import settle
from laneway_gateway.testing.desk import FakeDesk
from support.doors.house import KEY, House
from support.inputs.offers import CHAT, CHAT_RECORDS, MODEL, failed

if TYPE_CHECKING:
    from laneway_gateway.desk import Asked
    from laneway_gateway.rooms import Room
    from laneway_gateway.testing.clock import ManualClock
    from laneway_gateway.testing.desk import FakeHeld

OPENAI, OLLAMA = "/v1/chat/completions", "/api/chat"
HI: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": False}
DOORS = pytest.mark.parametrize("path", [OPENAI, OLLAMA])


def words(path: str, answer: Any) -> str:
    """Of an error in the door's shape."""
    error = answer["error"]
    return str(error["message"] if path == OPENAI else error)


@DOORS
async def test_an_answer_comes_whole_whatever_was_streamed(house: House, path: str) -> None:
    house.desk.will(Started(1), *map(Record, CHAT_RECORDS), Ended(CHAT, '"e"', streamed=True))
    call = await house.ask(path, HI)
    message = call.json["choices"][0]["message"] if path == OPENAI else call.json["message"]
    assert (call.status, message["content"], call.told["x-laneway-job-id"]) == (200, "Paris.", "job-1")
    assert call.told["content-type"] == "application/json"
    assert house.desk.held["job-1"].left == [False]


@DOORS
@pytest.mark.parametrize("code", [ErrorCode.EXPIRED, ErrorCode.CANCELLED, ErrorCode.ENGINE_ERROR])
async def test_a_job_that_has_no_answer_is_told_as_an_error(house: House, path: str, code: ErrorCode) -> None:
    house.desk.will(Ended(failed(code), '"e"', streamed=False))
    call = await house.ask(path, HI)
    assert (call.status, call.told["x-laneway-job-id"]) == (STATUSES[code], "job-1")
    assert "what happened" in words(path, call.json)
    assert house.desk.held["job-1"].left == [False]


@DOORS
async def test_who_can_wait_no_longer_is_asked_to_come_back(house: House, path: str) -> None:
    call = await house.ask(path, HI, {"x-stainless-read-timeout": "600"})
    await house.clock.advance(54)
    assert (call.status, house.figures.now_held) == (None, 1)
    await house.clock.advance(1)
    assert (call.status, call.told["x-should-retry"], call.told["retry-after"]) == (503, "true", "1")
    assert "Job: job-1" in words(path, call.json)
    assert call.told["x-laneway-job-id"] == "job-1"
    assert (house.desk.held["job-1"].left, house.figures.now_held) == ([True], 0)


async def test_the_clients_own_deadline_counts_where_it_is_shorter(house: House) -> None:
    call = await house.ask(OPENAI, HI, {"X-Stainless-Timeout": "30"})
    await house.clock.advance(25)
    assert call.status == 503


class Slow(FakeDesk):
    """Sends within twenty seconds."""

    clock: ManualClock

    async def take(self, asked: Asked, room: Room) -> FakeHeld:
        """Then."""
        await self.clock.sleep(20)
        return await super().take(asked, room)


async def test_its_patience_begins_when_all_of_the_request_is_there() -> None:
    house = House(Slow())
    house.desk.clock = house.clock  # type: ignore[attr-defined] # it is a slow one
    call = house.call("POST", OPENAI)
    await house.clock.advance(30)
    call.give(json.dumps(HI).encode())
    await house.clock.advance(54)
    assert call.sent == []
    await house.clock.advance(1)
    assert call.status == 503
    await house.close()


async def test_the_retry_says_that_it_is_one(house: House) -> None:
    house.desk.joins = True
    await house.ask(OPENAI, HI)
    await house.clock.advance(55)
    house.desk.will(Ended(CHAT, '"e"', streamed=False))
    again = await house.ask(OPENAI, HI, {"x-stainless-retry-count": "1", "idempotency-key": "k-1"})
    assert again.status == 200
    first, second = house.desk.asked
    assert (first.retry, second.retry, second.idempotency_key) == (0, 1, "k-1")
    assert (first.path, first.body_hash) == (second.path, second.body_hash)


@DOORS
async def test_a_client_that_goes_is_left_as_one_that_hung_up(house: House, path: str) -> None:
    call = await house.ask(path, HI)
    await call.hang_up()
    assert call.task.done()
    assert (call.sent, house.desk.held["job-1"].left) == ([], [True])
    assert house.figures.answers[-1][2] == 499


async def test_a_client_that_goes_may_have_its_job_kept(house: House) -> None:
    call = await house.ask(OPENAI, HI, {"x-laneway-on-disconnect": "keep"})
    await call.hang_up()
    assert (house.desk.asked[0].kept, house.desk.held["job-1"].left) == (True, [True])


@DOORS
@pytest.mark.parametrize("told", ["the gateway is stopping", "the gateway is stopping."])
async def test_what_nobody_knows_any_more_can_be_asked_again(house: House, path: str, told: str) -> None:
    house.desk.will(Broken(told))
    call = await house.ask(path, HI)
    assert (call.status, call.told["x-should-retry"]) == (503, "true")
    assert words(path, call.json) == "the gateway is stopping. Job: job-1"
    assert house.desk.held["job-1"].left == [False]


@DOORS
async def test_a_key_that_is_revoked_ends_what_it_waits_for(house: House, path: str) -> None:
    call = await house.ask(path, HI)
    await house.clock.advance(10)
    assert call.status is None
    del house.keys.tenants[KEY]
    await house.clock.advance(10)
    assert call.status == 401
    assert words(path, call.json) == "the key is no longer known. Job: job-1"
    assert house.desk.held["job-1"].left == [True]


async def test_a_server_that_stops_has_not_hung_up_for_its_clients(house: House) -> None:
    call = await house.ask(OPENAI, HI)
    call.task.cancel()
    await settle()
    assert call.task.cancelled()
    assert house.desk.held["job-1"].left == [False]


async def test_an_end_and_a_hang_up_at_once_leave_once(house: House) -> None:
    house.desk.will(go := asyncio.Event(), Ended(CHAT, '"e"', streamed=False))
    call = await house.ask(OPENAI, HI)
    go.set()
    await call.hang_up()
    assert len(house.desk.held["job-1"].left) == 1
