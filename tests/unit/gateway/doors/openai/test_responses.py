from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_gateway.desk import Ended, Record
from support.doors.house import OTHER_KEY
from support.inputs.offers import CHAT, CHAT_RECORDS, MODEL, failed

if TYPE_CHECKING:
    from support.doors.house import House

PATH = "/v1/responses"
HI = {"model": MODEL, "input": "hi"}
DONE = Ended(CHAT, '"e"', streamed=True)


async def test_a_response_comes_whole(house: House) -> None:
    house.desk.will(DONE)
    call = await house.ask(PATH, HI | {"instructions": "Be brief."})
    assert (call.status, call.json["status"], call.json["instructions"]) == (200, "completed", "Be brief.")
    assert call.json["id"] == "resp_job-1"


async def test_a_failed_job_is_a_failed_response_and_no_http_error(house: House) -> None:
    house.desk.will(Ended(failed(ErrorCode.STALLED), '"e"', streamed=False))
    call = await house.ask(PATH, HI)
    assert (call.status, call.json["status"], call.json["error"]["code"]) == (200, "failed", "server_error")


async def test_a_response_in_the_background_is_asked_for_again(house: House) -> None:
    house.desk.will(DONE)
    call = await house.ask(PATH, HI | {"background": True})
    assert (call.status, call.json["status"], call.json["background"]) == (200, "queued", True)
    assert (house.desk.asked[0].kept, house.desk.held["job-1"].left) == (True, [False])
    again = await house.ask(f"{PATH}/resp_job-1")
    assert (again.json["status"], again.json["output"][1]["content"][0]["text"]) == ("completed", "Paris.")
    assert (again.json["model"], again.told["x-laneway-job-id"]) == (MODEL, "job-1")


async def test_a_response_that_is_queued_is_cancelled(house: House) -> None:
    await house.ask(PATH, HI | {"background": True})
    assert (await house.ask(f"{PATH}/resp_job-1")).json["status"] == "queued"
    assert (await house.ask(f"{PATH}/resp_job-1/cancel", b"")).json["status"] == "cancelled"
    assert (await house.ask(f"{PATH}/resp_job-1")).json["status"] == "cancelled"
    assert house.desk.cancelled == ["job-1"]


async def test_a_response_is_streamed_while_it_is_made(house: House) -> None:
    house.desk.will(*map(Record, CHAT_RECORDS), DONE)
    call = await house.ask(PATH, HI | {"stream": True})
    assert b"event: response.created" in call.body
    assert b"event: response.completed" in call.body


@pytest.mark.parametrize("body", [HI | {"background": True}, HI | {"background": True, "stream": True}])
async def test_a_stream_in_the_background_may_be_left_and_taken_up(house: House, body: dict[str, object]) -> None:
    house.desk.will(*map(Record, CHAT_RECORDS[:3]))
    first = await house.ask(PATH, body)
    if "stream" in body:
        await first.hang_up()
    held = house.desk.held["job-1"]
    assert (house.desk.asked[0].kept, len(held.left)) == (True, 1)
    held.steps.extend([*map(Record, CHAT_RECORDS), DONE])
    call = await house.ask(f"{PATH}/resp_job-1?stream=true")
    assert b"event: response.completed" in call.body
    assert held.left[1:] == [False]


async def test_a_stream_is_taken_up_from_its_start_alone(house: House) -> None:
    await house.ask(PATH, HI | {"background": True})
    call = await house.ask(f"{PATH}/resp_job-1?stream=true&starting_after=7")
    assert (call.status, "from its start" in call.json["error"]["message"]) == (400, True)


async def test_a_response_that_is_deleted_is_there_no_more(house: House) -> None:
    await house.ask(PATH, HI | {"background": True})
    call = await house.call("DELETE", f"{PATH}/resp_job-1").over()
    assert call.json == {"id": "resp_job-1", "object": "response", "deleted": True}
    assert (await house.ask(f"{PATH}/resp_job-1")).status == 404


@pytest.mark.parametrize("name", ["job-1", "resp_none", "resp_", "chatcmpl-job-1"])
async def test_what_is_no_response_of_ones_own_is_none(house: House, name: str) -> None:
    await house.ask(PATH, HI | {"background": True})
    for method, end in (("GET", ""), ("DELETE", ""), ("POST", "/cancel")):
        assert (await house.call(method, f"{PATH}/{name}{end}").over()).status == 404
    other = await house.ask(f"{PATH}/resp_job-1", headers={"authorization": f"Bearer {OTHER_KEY}"})
    assert (other.status, other.json["error"]["type"]) == (404, "not_found_error")
