from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from laneway_gateway.desk import Ended, Record
from laneway_gateway.errors import IdempotencyKeyReused, PoolUnreachable, TooManyHeld
from laneway_gateway.testing.desk import FakeDesk
from support.doors.house import House
from support.inputs.offers import CHAT, CHAT_RECORDS, MODEL

if TYPE_CHECKING:
    from laneway_gateway.desk import Asked
    from laneway_gateway.rooms import Room
    from laneway_gateway.testing.desk import FakeHeld

OPENAI, OLLAMA = "/v1/chat/completions", "/api/chat"
HI: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": False}
STREAM = HI | {"stream": True}


@pytest.mark.parametrize("path", [OPENAI, OLLAMA])
@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (TooManyHeld("100 requests are held for claims"), 429, {"retry-after": "5"}),
        (PoolUnreachable("SQS does not answer"), 503, {"retry-after": "5"}),
        (IdempotencyKeyReused("the key has another body"), 422, {"x-should-retry": "false"}),
    ],
)
async def test_what_the_desk_does_not_take_is_told_in_the_doors_shape(
    house: House, path: str, error: Any, status: int, headers: dict[str, str]
) -> None:
    house.desk.refuses(error)
    call = await house.ask(path, STREAM)
    assert call.status == status
    assert headers.items() <= call.told.items()
    told = call.json["error"]
    assert (told["message"] if path == OPENAI else told) == str(error)


class SlowDesk(FakeDesk):
    """Sends for ever."""

    cut = 0

    async def take(self, asked: Asked, room: Room) -> FakeHeld:  # noqa: ARG002 - nobody is held
        """Until cancelled."""
        self.asked.append(asked)
        try:
            await asyncio.Event().wait()
        finally:
            self.cut += 1
        raise AssertionError("an endless silence has ended")


async def test_a_client_that_goes_while_its_job_is_sent_is_waited_for_no_longer() -> None:
    desk = SlowDesk()
    house = House(desk=desk)
    call = await house.ask(OPENAI, STREAM)
    await call.hang_up()
    assert (call.task.done(), call.sent, desk.cut) == (True, [], 1)
    await house.close()


class SlowQueue(FakeDesk):
    """Nobody ever knows how many wait."""

    asking = 0

    async def waiting(self, lane: str) -> int | None:
        """Until cancelled."""
        self.asking += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.asking -= 1
        return self.queued.get(lane)


async def test_a_client_that_goes_when_its_job_is_sent_has_hung_up() -> None:
    desk = SlowQueue()
    house = House(desk=desk)
    call = await house.ask(OPENAI, STREAM)
    await call.hang_up()
    assert (call.task.done(), call.sent, desk.held["job-1"].left, desk.asking) == (True, [], [True], 0)
    await house.close()


async def test_who_is_not_taken_waits_for_no_queue() -> None:
    desk = SlowQueue()
    house = House(desk=desk)
    desk.refuses(TooManyHeld("too many"))
    assert ((await house.ask(OPENAI, STREAM)).status, desk.asking) == (429, 0)
    await house.close()


async def test_a_queue_is_told(house: House) -> None:
    house.desk.queued["fast"] = 3
    house.desk.will(go := asyncio.Event(), Record(CHAT_RECORDS[2]), Ended(CHAT, '"e"', streamed=True))
    call = await house.ask(OPENAI, STREAM)
    assert call.told["x-laneway-queued"] == "3"
    assert "x-laneway-estimate" not in call.told
    await house.clock.advance(40)
    go.set()
    await call.over()
    house.desk.queued["fast"] = 1
    assert (await house.ask(OPENAI, STREAM)).told["x-laneway-estimate"] == "20"
    house.desk.queued["fast"] = 0
    assert "x-laneway-queued" not in (await house.ask(OPENAI, STREAM)).told


async def test_who_would_wait_too_long_is_refused_at_once() -> None:
    house = House(max_wait_seconds=60)
    house.desk.queued["fast"] = 4
    waited = CHAT.model_copy(update={"timing": CHAT.timing.model_copy(update={"queued_seconds": 5.0})})
    house.desk.will(Ended(waited, '"e"', streamed=False))
    await house.ask(OPENAI, STREAM)
    house.desk.queued["fast"] = 90
    call = await house.ask(OPENAI, STREAM)
    assert (call.status, call.told["retry-after"], call.told["x-laneway-queued"]) == (429, "31", "90")
    assert "90 jobs wait in lane fast" in call.json["error"]["message"]
    house.desk.queued["fast"] = 0
    assert (await house.ask(OPENAI, STREAM)).status == 200
    await house.close()


async def test_who_gave_up_waiting_has_learned_how_long_it_takes_at_least() -> None:
    house = House(max_wait_seconds=60)
    house.desk.queued["fast"] = 1
    call = await house.ask(OPENAI, STREAM)
    await house.clock.advance(200)
    await call.hang_up()
    assert (await house.ask(OPENAI, STREAM)).status == 429
    house.desk.queued["fast"] = 0
    first = await house.ask(OPENAI, STREAM)
    assert (first.status, first.told["x-laneway-estimate"]) == (200, "100")
    await house.close()


async def test_who_joins_a_job_has_not_seen_when_it_came(house: House) -> None:
    house.desk.joins = True
    house.desk.queued["fast"] = 1
    call = await house.ask(OPENAI, STREAM, {"x-stainless-retry-count": "1"})
    await house.clock.advance(200)
    await call.hang_up()
    assert "x-laneway-estimate" not in (await house.ask(OPENAI, STREAM)).told
