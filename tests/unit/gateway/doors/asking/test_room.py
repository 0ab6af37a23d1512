"""Room is taken before a body is read, and is free again however its request ends."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway_gateway.desk import Ended
from laneway_gateway.doors.asking.body import MEMORY_A_BYTE, MOST_BYTES, MOST_SECONDS
from laneway_gateway.errors import PoolUnreachable, TooManyHeld
from laneway_gateway.rooms import Memory, Rooms
from laneway_gateway.testing.clock import settle
from laneway_gateway.testing.desk import FakeDesk
from support.doors.house import KEY, OTHER_KEY, TENANT, House
from support.inputs.offers import MODEL, TEXT

if TYPE_CHECKING:
    from laneway.schema.job.job import Job
    from laneway_gateway.desk import Asked
    from laneway_gateway.rooms import Room
    from laneway_gateway.testing.desk import FakeHeld
    from support.doors.house import Call

OPENAI, OLLAMA, NATIVE, SHOW, RESPONSES = "/v1/chat/completions", "/api/chat", "/jobs", "/api/show", "/v1/responses"
HI: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": True}
HALF = 2 * MOST_BYTES * MEMORY_A_BYTE // 2
"""What one key may have."""


def narrow(house: House) -> None:
    """A gateway with as little memory as there may be: a key has room for one of the largest bodies."""
    house.desk.rooms = Rooms(10, Memory(2 * HALF))


def uploading(house: House, size: int, path: str = OPENAI, key: str = KEY) -> Call:
    """A client that says how much it sends, and has not begun."""
    return house.call("POST", path, {"content-length": str(size), "authorization": f"Bearer {key}"})


@pytest.mark.parametrize("path", [OPENAI, OLLAMA, NATIVE, SHOW])
async def test_a_body_for_which_there_is_no_room_is_refused_before_it_is_read(house: House, path: str) -> None:
    narrow(house)
    uploading(house, MOST_BYTES)
    await settle()
    call = await uploading(house, 100, path).over()
    assert (call.status, call.told["retry-after"]) == (429, "1")
    assert call.told.get("x-should-retry") != "false"
    error = call.json["error"]
    told = error["message"] if path in (OPENAI, NATIVE) else error
    assert "take as much of this gateway's memory as they may" in told
    assert house.desk.asked == []


async def test_another_key_gets_in_while_one_has_its_share_full(house: House) -> None:
    narrow(house)
    uploading(house, MOST_BYTES)
    await settle()
    call = uploading(house, 100, key=OTHER_KEY)
    await settle()
    assert call.sent == []
    assert house.desk.rooms.held == 2


async def test_a_body_that_says_no_length_takes_room_as_it_comes(house: House) -> None:
    narrow(house)
    uploading(house, MOST_BYTES - 65536)
    call = house.call("POST", OPENAI)
    call.give(b" " * 65536, more=True)
    await settle()
    assert call.sent == []
    call.give(b" ", more=True)
    await settle()
    assert (call.status, call.told["retry-after"]) == (429, "1")


async def test_who_says_less_than_comes_has_the_rest_counted_too(house: House) -> None:
    call = uploading(house, 10)
    call.give(b" " * 100, more=True)
    await settle()
    assert house.desk.rooms.memory.taken == 100 * MEMORY_A_BYTE


@pytest.mark.parametrize("path", [OPENAI, NATIVE, SHOW])
async def test_who_holds_as_many_as_it_may_sends_no_body(house: House, path: str) -> None:
    house.keys.tenants[KEY] = replace(TENANT, most_held=1)
    uploading(house, 100)
    await settle()
    call = await uploading(house, 100, path).over()
    assert (call.status, call.told["retry-after"]) == (429, "5")


async def end_by_going(house: House, call: Call) -> None:
    del house
    await call.hang_up()


async def end_by_waiting(house: House, call: Call) -> None:
    await house.clock.advance(MOST_SECONDS)
    assert call.status == 408


async def end_by_nonsense(house: House, call: Call) -> None:
    del house
    call.give(b"{")
    assert (await call.over()).status == 400


async def end_by_sending_more_than_there_may_be(house: House, call: Call) -> None:
    narrow(house)
    call.give(b" " * (MOST_BYTES + 1))
    assert (await call.over()).status == 413


async def end_by_a_refusal(house: House, call: Call) -> None:
    house.desk.refuses(TooManyHeld("too many"))
    call.give(b'{"model": "gemma3:4b", "messages": [{"role": "user", "content": "hi"}]}')
    assert (await call.over()).status == 429


async def end_by_an_error(house: House, call: Call) -> None:
    house.desk.refuses(PoolUnreachable("SQS does not answer"))
    call.give(b'{"model": "gemma3:4b", "messages": [{"role": "user", "content": "hi"}]}')
    assert (await call.over()).status == 503


async def end_by_a_defect(house: House, call: Call) -> None:
    house.desk.scripts.append(RuntimeError("of ours"))  # type: ignore[arg-type] # because it is no refusal
    call.give(b'{"model": "gemma3:4b", "messages": [{"role": "user", "content": "hi"}]}')
    assert (await call.over()).status == 500


async def end_by_a_load(house: House, call: Call) -> None:
    del house
    call.give(b'{"model": "gemma3:4b", "messages": []}')
    assert (await call.over()).status == (200 if call.path == OLLAMA else 400)


async def end_by_the_servers_end(house: House, call: Call) -> None:
    del house
    call.task.cancel()
    await settle()


ENDS = [
    end_by_going,
    end_by_waiting,
    end_by_nonsense,
    end_by_sending_more_than_there_may_be,
    end_by_a_refusal,
    end_by_an_error,
    end_by_a_defect,
    end_by_a_load,
    end_by_the_servers_end,
]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("path", [OPENAI, OLLAMA])
async def test_room_is_free_again_however_a_request_ends(house: House, path: str, end: Any) -> None:
    call = house.call("POST", path)
    call.give(b" " * 1000, more=True)
    await settle()
    taken = house.desk.rooms
    assert (taken.held, taken.memory.taken) == (1, 1000 * MEMORY_A_BYTE)
    await end(house, call)
    assert call.task.done()
    assert (taken.held, taken.memory.taken) == (0, 0)


async def test_a_held_request_takes_no_memory_for_its_body(house: House) -> None:
    call = await house.ask(OPENAI, HI | {"user": "u" * 10_000})
    assert (call.status, house.desk.rooms.held) == (200, 1)
    assert house.desk.rooms.memory.taken < 100
    await call.hang_up()
    assert house.desk.rooms.held == 0


async def test_what_an_answer_repeats_of_its_request_is_counted(house: House) -> None:
    body = {"model": MODEL, "input": "hi", "instructions": "i" * 10_000, "stream": True}
    await house.ask(RESPONSES, body)
    taken = house.desk.rooms.memory.taken
    assert 10_000 * MEMORY_A_BYTE < taken < 11_000 * MEMORY_A_BYTE


LONG = Ended(TEXT.model_copy(update={"text": "x" * 200_000}), '"e"', streamed=True)


@pytest.mark.parametrize("path", ["/jobs/job-1/result", OLLAMA])
async def test_a_large_answer_takes_room_until_its_client_has_read_it(house: House, path: str) -> None:
    house.desk.will(LONG)
    if path == OLLAMA:
        call = house.call("POST", path)
    else:
        await house.ask(NATIVE, {"prompt": "Capital of France?"})
        call = house.call("GET", path)
    call.blocked = asyncio.Event()
    call.give(json.dumps(HI | {"stream": False}).encode() if path == OLLAMA else b"")
    await settle()
    assert (call.status, house.desk.rooms.held) == (200, 1)
    call.blocked.set()
    await call.over()
    assert [len(each["body"]) for each in call.sent[1:4]] == [65536] * 3
    assert len(call.body) == int(call.told["content-length"])
    assert (house.desk.rooms.held, house.desk.rooms.memory.taken) == (0, 0)


async def test_a_result_is_not_told_again_where_there_is_no_memory_left(house: House) -> None:
    house.desk.will(LONG)
    await house.ask(NATIVE, {"prompt": "Capital of France?"})
    house.desk.rooms.memory.share("claims").become(house.desk.rooms.memory.most)
    call = await house.ask("/jobs/job-1/result")
    assert (call.status, call.told["retry-after"]) == (429, "1")
    house.desk.rooms.memory.count("claims", -house.desk.rooms.memory.most)


class ForgetfulDesk(FakeDesk):
    """Keeps nothing of what was asked."""

    words: weakref.ref[Job]

    async def take(self, asked: Asked, room: Room) -> FakeHeld:
        """Hold it."""
        self.words = weakref.ref(asked.translated.job)
        held = await super().take(asked, room)
        self.asked.clear()
        return held


@pytest.mark.parametrize("path", [OPENAI, OLLAMA, RESPONSES, NATIVE])
async def test_nothing_of_a_body_stays_once_its_job_is_sent(path: str) -> None:
    house = House(desk := ForgetfulDesk())
    call = await house.ask(
        path, {"prompt": "hi"} if path == NATIVE else HI | ({"input": "hi"} if path == RESPONSES else {})
    )
    assert call.status == (202 if path == NATIVE else 200)
    gc.collect()
    assert desk.words() is None
    await house.close()
