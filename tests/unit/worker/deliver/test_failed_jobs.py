from __future__ import annotations

import json
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.failed_job import FailedJob
from laneway_worker.errors import JobError
from laneway_worker.testing.runtime import Held
from support.worker.lane import BUCKET, Gate

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

ENTRY = "documents/failed/a.json"
RESULT = "documents/results/a.json"


def no() -> JobError:
    return JobError(ErrorCode.UNSUPPORTED, "the model can't see")


def entry(lane: Lane) -> FailedJob:
    return FailedJob.model_validate_json(lane.store.objects[BUCKET, ENTRY].body)


def test_a_failed_job_is_kept_with_its_body_and_its_cause(make_lane: MakeLane) -> None:
    lane = make_lane(no())
    lane.queue.send(b'{"id": "a", "prompt": "What is in it?"}', group_id="claims")
    lane.settle()
    kept, result = entry(lane), lane.result("a")
    assert (kept.id, kept.lane, kept.body, kept.group_id) == (
        "a",
        "fast",
        '{"id": "a", "prompt": "What is in it?"}',
        "claims",
    )
    assert (kept.error, kept.failed_at) == (result.error, result.timing.finished_at)
    assert kept.result_etag == lane.store.objects[BUCKET, RESULT].etag


def test_its_order_is_result_failed_job_notification_delete(make_lane: MakeLane) -> None:
    lane = make_lane(no())
    lane.run(id="a")
    ends = lane.journal.of("put", "publish", "delete")
    assert ends == [f"put {RESULT}", f"put {ENTRY}", "publish a", "delete message-1/1"]


def test_what_did_not_fail_is_not_kept(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    lane.cancel("c")
    lane.runtime.script.append(Held())
    lane.run(id="c")
    lane.run(id="e", expires_at="2020-01-01T00:00:00Z")
    assert [lane.result(each).status for each in "ace"] == ["succeeded", "cancelled", "expired"]
    assert not [key for _, key in lane.store.objects if key.startswith("documents/failed/")]


def test_attempts_that_failed_before_are_kept_with_it(make_lane: MakeLane) -> None:
    lane = make_lane(*(JobError(ErrorCode.STALLED, "no token") for _ in range(2)), limits={"max_attempts": 2})
    lane.run(id="a")
    lane.pass_time(60)
    assert [failure.code.value for failure in entry(lane).failures] == ["stalled"]
    assert entry(lane).error.code.value == "stalled"


def test_a_message_that_is_no_job_is_kept_as_it_was_sent(make_lane: MakeLane) -> None:
    lane = make_lane()
    message_id = lane.run(b"not JSON \xff\xfe")
    kept = FailedJob.model_validate_json(lane.store.objects[BUCKET, f"documents/failed/{message_id}.json"].body)
    assert kept.body == "not JSON ��"


def test_a_worker_that_died_before_keeping_it_is_made_up_for(make_lane: MakeLane) -> None:
    first = make_lane(no())
    first.run(id="a")
    result = first.store.objects[BUCKET, RESULT].body
    lane = make_lane(Held())
    lane.store_object("results/a.json", result)
    lane.run(id="a")
    assert entry(lane).result_etag == lane.store.objects[BUCKET, RESULT].etag
    assert lane.queue.messages == {}


def test_an_entry_of_the_standing_result_is_left_alone(make_lane: MakeLane) -> None:
    lane = make_lane(no())
    lane.run(id="a")
    before = lane.store.objects[BUCKET, ENTRY]
    lane.run(id="a", prompt="Another body with the same id")
    assert lane.store.objects[BUCKET, ENTRY] == before
    assert lane.journal.of("replace") == []


def test_an_entry_of_an_earlier_result_gives_way(make_lane: MakeLane) -> None:
    lane = make_lane(no())
    stale = FailedJob.model_validate_json(json.dumps(ENTRY_OF_ANOTHER_RESULT))
    lane.store_object("failed/a.json", stale.to_json())
    lane.run(id="a")
    assert entry(lane).result_etag == lane.store.objects[BUCKET, RESULT].etag


def test_an_unreadable_entry_gives_way(make_lane: MakeLane) -> None:
    lane = make_lane(no())
    lane.store_object("failed/a.json", b"what is this")
    lane.run(id="a")
    assert entry(lane).id == "a"


def test_nothing_is_kept_where_another_worker_succeeded(make_lane: MakeLane) -> None:
    other = make_lane()
    other.run(id="a")
    lane = make_lane(held := Gate(no()))
    lane.run(id="a")
    lane.store_object("results/a.json", other.store.objects[BUCKET, RESULT].body)
    lane.let_go(held)
    assert lane.result("a").status == "succeeded"
    assert (BUCKET, ENTRY) not in lane.store.objects
    assert lane.queue.messages == {}


def test_while_it_cannot_be_kept_the_message_stays(make_lane: MakeLane) -> None:
    lane = make_lane(held := Gate(no()))
    lane.run(id="a")
    lane.store.down = True
    lane.let_go(held)
    lane.pass_time(120)
    assert lane.only_message.receives == 1
    lane.store.down = False
    lane.pass_time(60)
    assert entry(lane).result_etag == lane.store.objects[BUCKET, RESULT].etag
    assert lane.queue.messages == {}


ENTRY_OF_ANOTHER_RESULT = {
    "id": "a",
    "lane": "fast",
    "error": {"code": "stalled", "message": "before", "fix": "wait"},
    "submitted_at": "2026-11-22T11:00:00Z",
    "failed_at": "2026-11-22T11:30:00Z",
    "result_etag": '"another"',
    "body": "{}",
}
