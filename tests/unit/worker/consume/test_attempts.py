from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import CODES, ErrorCode
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.errors import JobError
from laneway_worker.testing.runtime import Held, answer
from support.worker.lane import Gate, history_of

if TYPE_CHECKING:
    from support.worker.lane import MakeLane

LONGEST_FIRST_DELAY = 5.0
LONGEST_SECOND_DELAY = 10.0
RETRIED = [code for code, info in CODES.items() if info.retried]


def failing(*codes: ErrorCode) -> list[JobError]:
    return [JobError(code, "not this time") for code in codes]


@pytest.mark.parametrize("code", RETRIED)
def test_a_failed_attempt_is_sent_again_with_its_history(make_lane: MakeLane, code: ErrorCode) -> None:
    lane = make_lane(*failing(code), Held())
    message_id = lane.run(id="a")
    message = lane.only_message
    failure = history_of(message).failures[0]
    assert message.id != message_id
    assert (failure.attempt, failure.code, failure.worker) == (1, code, "worker-1")
    assert (failure.message, failure.at) == ("not this time", lane.clock.now())
    assert lane.notifier.published == []


def test_the_old_message_is_deleted_after_the_new_one_is_sent(make_lane: MakeLane) -> None:
    lane = make_lane(*failing(ErrorCode.STALLED), Held())
    lane.run(id="a")
    sent, deleted = lane.journal.of("resend", "delete")
    assert sent.startswith("resend message-1 ")
    assert deleted == "delete message-1/1"


def test_a_retry_waits_in_the_queue_and_not_at_the_worker(make_lane: MakeLane) -> None:
    lane = make_lane(*failing(ErrorCode.STALLED))
    lane.run(id="a")
    (sent,) = lane.journal.of("resend")
    assert 0 <= int(sent.split()[-1]) < LONGEST_FIRST_DELAY
    lane.pass_time(LONGEST_FIRST_DELAY)
    assert lane.result("a").status == "succeeded"


def test_a_success_after_failures_tells_of_them(make_lane: MakeLane) -> None:
    lane = make_lane(*failing(ErrorCode.STALLED, ErrorCode.ENGINE_ERROR))
    lane.run(id="a")
    lane.pass_time(LONGEST_FIRST_DELAY + LONGEST_SECOND_DELAY)
    result = lane.result("a")
    assert [(each.attempt, each.code) for each in result.failures] == [
        (1, ErrorCode.STALLED),
        (2, ErrorCode.ENGINE_ERROR),
    ]
    assert lane.queue.messages == {}


def test_exhausted_attempts_end_in_a_failed_result(make_lane: MakeLane) -> None:
    lane = make_lane(*failing(ErrorCode.STALLED, ErrorCode.ENGINE_ERROR, ErrorCode.STALLED))
    lane.run(id="a")
    lane.pass_time(LONGEST_FIRST_DELAY + LONGEST_SECOND_DELAY)
    result = lane.result("a")
    assert (result.status, lane.code("a")) == ("failed", "stalled")
    assert [each.code for each in result.failures] == [ErrorCode.STALLED, ErrorCode.ENGINE_ERROR]
    assert len(lane.runtime.requests) == 3
    assert lane.queue.messages == {}


def test_a_lane_with_one_attempt_never_sends_again(make_lane: MakeLane) -> None:
    lane = make_lane(*failing(ErrorCode.STALLED), limits={"max_attempts": 1})
    lane.run(id="a")
    assert lane.code("a") == "stalled"
    assert lane.journal.of("resend") == []


def test_a_job_without_an_id_keeps_its_first_message_id(make_lane: MakeLane) -> None:
    lane = make_lane(*failing(ErrorCode.STALLED, ErrorCode.STALLED))
    first = lane.run()
    lane.pass_time(LONGEST_FIRST_DELAY + LONGEST_SECOND_DELAY)
    assert lane.result(first).status == "succeeded"
    assert [note.id for note in lane.notifier.published] == [first]


def test_a_retry_counts_from_the_first_submission(make_lane: MakeLane) -> None:
    lane = make_lane(*failing(ErrorCode.STALLED))
    submitted = lane.clock.now()
    lane.run(id="a")
    lane.pass_time(LONGEST_FIRST_DELAY)
    assert lane.result("a").timing.submitted_at == submitted


def test_what_the_sender_attached_is_sent_again(make_lane: MakeLane) -> None:
    own: dict[str, Any] = {"tenant": {"DataType": "String", "StringValue": "acme"}}
    lane = make_lane(*failing(ErrorCode.STALLED), Held())
    lane.queue.send(b'{"id": "a", "prompt": "b"}', own, group_id="acme", trace_header="Root=1-2-3")
    lane.settle()
    message = lane.only_message
    assert {name: value for name, value in message.attributes.items() if name != MESSAGE_ATTRIBUTE} == own
    assert (message.group_id, message.trace_header) == ("acme", "Root=1-2-3")
    assert message.body == b'{"id": "a", "prompt": "b"}'


def test_an_answer_that_violates_its_format_is_a_failed_attempt(make_lane: MakeLane) -> None:
    lane = make_lane(answer('{"town": "Paris"}'), answer('{"city": "Paris"}'))
    lane.run(id="a", format={"type": "object", "required": ["city"]})
    lane.pass_time(LONGEST_FIRST_DELAY)
    result = lane.result("a")
    assert ([each.code for each in result.failures], result.parsed) == ([ErrorCode.FORMAT_NOT_MET], {"city": "Paris"})


def test_an_answer_that_breaks_the_same_rule_twice_is_not_tried_a_third_time(make_lane: MakeLane) -> None:
    lane = make_lane(answer('{"town": "Paris"}'), answer('{"river": "Seine"}'), answer('{"city": "Paris"}'))
    lane.run(id="a", format={"type": "object", "required": ["city"]})
    lane.pass_time(LONGEST_FIRST_DELAY)
    result = lane.result("a")
    assert (lane.code("a"), len(result.failures)) == ("format_not_met", 1)


def test_an_answer_that_breaks_another_rule_is(make_lane: MakeLane) -> None:
    lane = make_lane(answer('{"town": "Paris"}'), answer('{"city": 7}'), answer('{"city": "Paris"}'))
    lane.run(id="a", format={"required": ["city"], "properties": {"city": {"type": "string"}}})
    lane.pass_time(900)
    assert lane.result("a").parsed == {"city": "Paris"}


def test_a_forged_history_harms_nobody(make_lane: MakeLane) -> None:
    forged = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": '{"id": "../../etc", "submitted_at": 7}'}}
    lane = make_lane()
    message_id = lane.queue.send(b'{"prompt": "b"}', forged)
    lane.settle()
    assert lane.result(message_id).status == "succeeded"


def test_a_retry_that_cannot_be_sent_gives_the_message_back(make_lane: MakeLane) -> None:
    lane = make_lane(*failing(ErrorCode.STALLED))
    lane.queue.refused = {"resend"}
    message_id = lane.run(id="a")
    lane.queue.refused.clear()
    lane.pass_time(60)
    assert message_id not in lane.queue.messages
    assert lane.result("a").status == "succeeded"


def test_a_failed_attempt_under_a_short_lease_gives_the_message_back(make_lane: MakeLane) -> None:
    lane = make_lane(held := Gate(JobError(ErrorCode.STALLED, "no token")))
    lane.run(id="a")
    lane.queue.refused = {"extend"}
    lane.pass_time(45)
    lane.let_go(held)
    assert lane.journal.of("resend", "release", "delete")[0] == "release message-1/1"
    lane.queue.refused.clear()
    lane.pass_time(60)
    assert lane.result("a").status == "succeeded"
