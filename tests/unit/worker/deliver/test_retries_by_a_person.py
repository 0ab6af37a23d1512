from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.history import History
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.errors import JobError
from laneway_worker.testing.runtime import Held, answer
from support.worker.lane import BUCKET, history_of

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

BODY = b'{"id": "a", "prompt": "Capital of France?"}'
RESULT = (BUCKET, "documents/results/a.json")
ENTRY = (BUCKET, "documents/failed/a.json")


def no() -> JobError:
    return JobError(ErrorCode.UNSUPPORTED, "no")


def failed_lane(make_lane: MakeLane) -> Lane:
    """A lane whose job `a` has failed for good."""
    lane = make_lane(no())
    lane.run(BODY)
    return lane


def standing(lane: Lane) -> str:
    return lane.store.objects[RESULT].etag


def retry(lane: Lane, replaces: str) -> None:
    """Send the job again as a person does."""
    history = History(id="a", submitted_at=lane.clock.now(), replaces=replaces)
    lane.queue.send(BODY, {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history.to_attribute()}})
    lane.settle()


def test_an_answer_replaces_the_failed_result(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    before = standing(lane)
    retry(lane, before)
    assert lane.result("a").status == "succeeded"
    assert [note.etag for note in lane.notifier.published] == [before, standing(lane)]
    assert lane.queue.messages == {}


def test_another_failure_replaces_it_too_and_is_kept(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    before = lane.store.objects[ENTRY]
    lane.clock.advance(1)
    lane.runtime.script.append(no())
    retry(lane, standing(lane))
    assert lane.result("a").status == "failed"
    assert lane.store.objects[ENTRY] != before
    assert FailedJob.model_validate_json(lane.store.objects[ENTRY].body).result_etag == standing(lane)


def test_each_result_that_replaces_another_has_the_next_revision(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    assert lane.result("a").revision == 0
    lane.runtime.script.append(no())
    for revision in (1, 2):
        lane.clock.advance(1)
        retry(lane, standing(lane))
        assert lane.result("a").revision == revision


def test_the_first_result_has_no_revision_whatever_a_message_claims_to_replace(make_lane: MakeLane) -> None:
    lane = make_lane()
    retry(lane, '"another"')
    assert lane.result("a").revision == 0


def test_the_revision_goes_on_where_the_replaced_result_is_removed_meanwhile(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    before = standing(lane)
    lane.store.before_replace = lambda: lane.store.objects.pop(RESULT)
    retry(lane, before)
    assert lane.result("a").revision == 1


def test_a_replacement_whose_answer_was_lost_is_found_to_be_our_own(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    lane.store.lose_replies = 1
    retry(lane, standing(lane))
    lane.pass_time(5)
    assert lane.ended("committed") == 2
    assert lane.result("a").revision == 1


def test_an_expired_result_may_be_replaced(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a", expires_at="2020-01-01T00:00:00Z")
    retry(lane, standing(lane))
    assert lane.result("a").status == "succeeded"


def test_only_the_named_result_is_replaced(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    before = lane.store.objects[RESULT]
    lane.runtime.script.append(Held())
    retry(lane, '"another"')
    assert lane.store.objects[RESULT] == before
    assert lane.runtime.running == 0
    assert lane.queue.messages == {}


def test_an_answer_is_never_replaced(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(BODY)
    before = lane.store.objects[RESULT]
    lane.clock.advance(1)
    lane.runtime.script.append(answer("Another one"))
    retry(lane, before.etag)
    assert lane.store.objects[RESULT] == before
    assert lane.ended("duplicate") == 1


def test_an_answer_is_not_replaced_by_a_retry_that_can_only_fail(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(BODY)
    before = lane.store.objects[RESULT]
    history = History(id="a", submitted_at=lane.clock.now(), replaces=before.etag)
    attribute = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history.to_attribute()}}
    lane.queue.send(b'{"id": "a"}', attribute)
    lane.settle()
    assert lane.store.objects[RESULT] == before
    assert lane.queue.messages == {}


def test_of_two_retries_the_first_is_the_one(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    before = standing(lane)
    retry(lane, before)
    first = lane.store.objects[RESULT]
    lane.runtime.script.append(Held())
    retry(lane, before)
    assert lane.store.objects[RESULT] == first
    assert lane.runtime.running == 0


def test_a_retry_that_another_one_overtakes_takes_its_result(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    before = standing(lane)
    held = Held()
    lane.runtime.script.append(held)
    retry(lane, before)
    lane.store.replace(BUCKET, RESULT[1], make_answer(make_lane), before)
    overtaking = standing(lane)
    lane.let_go(held)
    assert standing(lane) == overtaking
    assert lane.notifier.published[-1].etag == overtaking


def make_answer(make_lane: MakeLane) -> bytes:
    other = make_lane()
    other.run(id="a", labels={"by": "another"})
    return other.store.objects[RESULT].body


def test_a_result_that_was_removed_meanwhile_is_written_anew(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    before = standing(lane)
    del lane.store.objects[RESULT]
    retry(lane, before)
    assert lane.result("a").status == "succeeded"


def test_its_attempts_count_anew_and_go_on_naming_what_it_replaces(make_lane: MakeLane) -> None:
    lane = failed_lane(make_lane)
    before = standing(lane)
    lane.runtime.script.extend((JobError(ErrorCode.STALLED, "no token"), held := Held()))
    retry(lane, before)
    history = history_of(lane.only_message)
    assert (history.replaces, history.attempts) == (before, 1)
    lane.pass_time(10)
    lane.let_go(held)
    assert lane.result("a").status == "succeeded"


def test_something_else_in_the_place_of_the_result_is_left_there(make_lane: MakeLane) -> None:
    lane = make_lane()
    etag = lane.store_object("results/a.json", b"somebody's")
    retry(lane, etag)
    assert lane.store.objects[RESULT].body == b"somebody's"
    assert lane.runtime.running == 0


def test_a_retry_that_expires_can_be_retried_again(make_lane: MakeLane) -> None:
    lane = make_lane(no(), Held(), limits={"expires_after_seconds": 100})
    lane.run(BODY)
    del lane.store.objects[ENTRY]
    retry(lane, standing(lane))
    lane.pass_time(110)
    kept = FailedJob.model_validate_json(lane.store.objects[ENTRY].body)
    assert (lane.result("a").status, kept.error.code.value, kept.body) == ("expired", "expired", BODY.decode())
    assert kept.result_etag == standing(lane)
