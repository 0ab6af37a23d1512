from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import Result
from laneway_gateway.desk import Broken, Ended, Record, Started
from laneway_gateway.testing.clock import settle
from support.doors.house import KEY, OTHER_KEY
from support.inputs.offers import TEXT, TEXT_RECORDS, failed

if TYPE_CHECKING:
    from support.doors.house import House

JOB = {"prompt": "Capital of France?"}
DONE = Ended(TEXT, '"e"', streamed=True)
OTHERS = {"authorization": f"Bearer {OTHER_KEY}"}


async def test_a_job_is_taken_and_its_sender_comes_back(house: House) -> None:
    house.desk.will(DONE)
    call = await house.ask("/jobs", JOB, {"idempotency-key": "k-1"})
    assert (call.status, call.told["location"], call.told["x-laneway-job-id"]) == (202, "/jobs/job-1", "job-1")
    assert call.json == {
        "id": "job-1", "status": "queued", "lane": "fast", "url": "/jobs/job-1", "result": "/jobs/job-1/result",
    }  # fmt: skip
    asked = house.desk.asked[0]
    assert (asked.kept, asked.idempotency_key, asked.translated.body) == (True, "k-1", JOB)
    assert house.desk.held["job-1"].left == [False]
    assert (await house.ask(call.json["url"])).json["status"] == "succeeded"
    result = await house.ask(call.json["result"])
    assert (result.status, Result.model_validate_json(result.body)) == (200, TEXT)


async def test_a_job_waits_for_its_turn(house: House) -> None:
    await house.ask("/jobs", JOB)
    for path in ("/jobs/job-1", "/jobs/job-1/result"):
        call = await house.ask(path)
        assert (call.status, call.json["status"], call.told["retry-after"]) == (202, "queued", "1")


async def test_a_result_is_waited_for(house: House) -> None:
    house.desk.will(go := asyncio.Event())
    await house.ask("/jobs", JOB)
    call = await house.ask("/jobs/job-1/result?wait=30")
    assert call.sent == []
    house.desk.held["job-1"].steps.append(DONE)
    go.set()
    await settle()
    assert (call.status, call.json["text"]) == (200, "Paris.")


@pytest.mark.parametrize(("wait", "seconds"), [("20", 20), ("3600", 55)])
async def test_nobody_is_held_for_longer_than_it_wants_or_the_edge_allows(
    house: House, wait: str, seconds: float
) -> None:
    await house.ask("/jobs", JOB)
    call = await house.ask(f"/jobs/job-1/result?wait={wait}")
    await house.clock.advance(seconds - 1)
    assert call.sent == []
    await house.clock.advance(1)
    assert (call.status, call.json["status"]) == (202, "queued")
    assert house.desk.held["job-1"].left == [False, False]


async def test_who_looks_and_goes_has_not_hung_up(house: House) -> None:
    await house.ask("/jobs", JOB)
    for path in ("/jobs/job-1/result?wait=30", "/jobs/job-1/stream"):
        call = await house.ask(path)
        await call.hang_up()
        assert call.task.done()
    assert house.desk.held["job-1"].left == [False, False, False]


async def test_who_looks_by_a_revoked_key_sees_no_more(house: House) -> None:
    await house.ask("/jobs", JOB)
    waiting, streaming = await house.ask("/jobs/job-1/result?wait=30"), await house.ask("/jobs/job-1/stream")
    del house.keys.tenants[KEY]
    await house.clock.advance(10)
    assert (waiting.status, waiting.json["error"]["code"]) == (401, "invalid_api_key")
    assert streaming.lines[-1] == {"broken": {"id": "job-1", "message": "the key is no longer known."}}
    assert house.desk.held["job-1"].left == [False, False, False]


async def test_what_is_lost_is_told_to_who_waits(house: House) -> None:
    house.desk.will(Broken("the gateway is stopping."))
    await house.ask("/jobs", JOB)
    call = await house.ask("/jobs/job-1/result?wait=30")
    assert (call.status, call.json["error"]["message"]) == (503, "the gateway is stopping. Job: job-1")


async def test_a_failed_job_has_a_result_too(house: House) -> None:
    house.desk.will(Ended(failed(ErrorCode.STALLED), '"e"', streamed=False))
    await house.ask("/jobs", JOB)
    assert (await house.ask("/jobs/job-1")).json["error"]["code"] == "stalled"
    result = await house.ask("/jobs/job-1/result")
    assert (result.status, result.json["status"]) == (200, "failed")


async def test_what_happens_is_told_line_by_line(house: House) -> None:
    house.desk.will(Started(1), *map(Record, TEXT_RECORDS[:2]), go := asyncio.Event(), Record(TEXT_RECORDS[2]), DONE)
    await house.ask("/jobs", JOB)
    call = await house.ask("/jobs/job-1/stream")
    await house.clock.advance(10)
    assert call.told["content-type"] == "application/x-ndjson"
    assert [next(iter(each)) for each in call.lines] == ["waiting", "started", "record", "record", "waiting"]
    go.set()
    await call.over()
    assert call.lines[1] == {"started": {"attempt": 1}}
    assert Result.model_validate_json(json.dumps(call.lines[-1]["ended"])) == TEXT


async def test_who_asks_for_a_streams_head_alone_is_not_held(house: House) -> None:
    await house.ask("/jobs", JOB)
    call = await house.call("HEAD", "/jobs/job-1/stream").over()
    assert (call.status, call.body, house.desk.held["job-1"].left) == (200, b"", [False, False])


async def test_a_job_is_cancelled_and_what_has_a_result_keeps_it(house: House) -> None:
    await house.ask("/jobs", JOB)
    call = await house.ask("/jobs/job-1/cancel", b"")
    assert (call.status, call.json["status"], house.desk.cancelled) == (202, "cancelling", ["job-1"])
    house.desk.will(DONE)
    await house.ask("/jobs", JOB)
    assert (await house.ask("/jobs/job-2/cancel", b"")).json["status"] == "succeeded"


@pytest.mark.parametrize("path", ["", "/result", "/result?wait=5", "/stream", "/cancel"])
async def test_nothing_of_another_tenant_is_found(house: House, path: str) -> None:
    await house.ask("/jobs", JOB)
    for job, headers in (("job-1", OTHERS), ("none", {}), ("..%2f..", {})):
        call = await house.ask(f"/jobs/{job}{path}", b"" if path == "/cancel" else None, headers)
        assert (call.status, call.json["error"]["code"]) == (404, "not_found")
    assert house.desk.cancelled == []


@pytest.mark.parametrize("wait", ["-1", "a", "nan", "inf", "3601", ""])
async def test_a_wait_is_a_number_of_seconds(house: House, wait: str) -> None:
    await house.ask("/jobs", JOB)
    call = await house.ask(f"/jobs/job-1/result?wait={wait}")
    assert (call.status, "wait: should be" in call.json["error"]["message"]) == (400, True)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", json.dumps({"prompt": "hi", "id": "a"}).encode()])
async def test_what_is_no_job_is_refused(house: House, body: bytes) -> None:
    call = await house.ask("/jobs", body)
    assert (call.status, call.json["error"]["code"]) == (400, "invalid_job")
    assert house.desk.asked == []


async def test_a_lane_is_chosen_by_name_or_by_model(house: House) -> None:
    bodies: list[tuple[Any, dict[str, str]]] = [
        (JOB, {}),
        (JOB, {"x-laneway-lane": "slow"}),
        ({"input": "a", "model": "nomic-embed-text"}, {}),
        (JOB, OTHERS),
    ]
    for body, headers in bodies:
        await house.ask("/jobs", body, headers)
    assert [each.translated.lane for each in house.desk.asked] == ["fast", "slow", "vectors", "slow"]
    assert house.desk.asked[2].translated.job.model is None


async def test_other_paths_are_told_in_its_own_shape(house: House) -> None:
    call = await house.ask("/jobs/job-1/other")
    assert (call.status, call.json["error"]["code"]) == (404, "not_found")
