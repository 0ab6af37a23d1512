from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import Job
from laneway_worker.errors import JobError
from laneway_worker.ports.runtime import Answer
from laneway_worker.testing.runtime import DIGEST, Held, answer

if TYPE_CHECKING:
    from support.worker.lane import MakeLane


def test_a_job_has_a_result_a_notification_and_no_message_left(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a", labels={"team": "claims"})
    result = lane.result("a")
    (note,) = lane.notifier.published
    assert (result.status, result.text, result.labels) == ("succeeded", "Paris.", {"team": "claims"})
    assert (result.model.name, result.model.digest) == ("gemma3:270m", DIGEST)
    assert (note.id, note.status, note.code) == ("a", "succeeded", None)
    assert (note.pool, note.lane, note.labels) == ("default/documents", "fast", {"team": "claims"})
    assert note.url == "s3://acme-llm/documents/results/a.json"
    assert lane.queue.messages == {}


def test_the_message_is_deleted_last(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    assert lane.journal.of("put", "publish", "delete") == [
        "put documents/results/a.json",
        "publish a",
        "delete message-1/1",
    ]


def test_the_notification_carries_the_results_etag(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    assert lane.notifier.published[0].etag == lane.store.objects["acme-llm", "documents/results/a.json"].etag


def test_a_lane_without_a_topic_tells_nobody(make_lane: MakeLane) -> None:
    lane = make_lane(topic_arn=None)
    lane.run(id="a")
    assert lane.has_result("a")
    assert lane.notifier.published == []
    assert lane.queue.messages == {}


def test_a_job_without_an_id_has_its_result_at_the_message_id(make_lane: MakeLane) -> None:
    lane = make_lane()
    message_id = lane.run()
    assert lane.result(message_id).status == "succeeded"


def test_a_result_tells_times_tokens_and_cost(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, price_per_hour=3.6, start=False)
    start = lane.clock.now()
    lane.send(id="a")
    lane.clock.advance(7)
    lane.start()
    lane.pass_time(10)
    lane.let_go(held)
    result = lane.result("a")
    timing = result.timing
    assert (timing.submitted_at, timing.received_at) == (start, start + timedelta(seconds=7))
    assert (timing.started_at, timing.finished_at) == (start + timedelta(seconds=7), start + timedelta(seconds=17))
    assert (timing.queued_seconds, timing.run_seconds) == (7, 10)
    assert result.usage is not None
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (7, 2)
    assert result.cost is not None
    assert (result.cost.gpu_seconds, result.cost.usd) == (10, 0.01)


def test_no_price_gives_no_dollars(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    cost = lane.result("a").cost
    assert cost is not None
    assert cost.usd is None


def test_the_result_carries_the_hash_of_the_request(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a", prompt="Why?")
    assert lane.result("a").request_hash == Job(prompt="Why?").request_hash("gemma3:270m")


def test_an_answer_in_a_format_is_parsed(make_lane: MakeLane) -> None:
    lane = make_lane(answer('{"city": "Paris", "river": null}'))
    lane.run(id="a", format={"type": "object", "required": ["city"]})
    assert lane.result("a").parsed == {"city": "Paris", "river": None}


def test_a_chat_has_a_message(make_lane: MakeLane) -> None:
    message = {"role": "assistant", "content": "Paris."}
    lane = make_lane(Answer(7, 2, finish_reason="stop", first_token_at=None, message=message))
    lane.run(b'{"id": "a", "messages": [{"role": "user", "content": "Capital of France?"}]}')
    result = lane.result("a")
    assert (result.message, result.text) == (message, None)


def test_a_tool_call_is_not_held_against_the_format(make_lane: MakeLane) -> None:
    call = {"function": {"name": "look_up", "arguments": {"city": "Paris"}}}
    message = {"role": "assistant", "content": "", "tool_calls": [call]}
    lane = make_lane(Answer(7, 2, finish_reason="stop", first_token_at=None, message=message))
    job: dict[str, Any] = {"id": "a", "messages": [{"role": "user", "content": "b"}], "format": "json"}
    lane.run(json.dumps(job).encode())
    assert lane.result("a").message == message


def test_embeddings_are_in_the_result(make_lane: MakeLane) -> None:
    lane = make_lane(Answer(2, 0, finish_reason=None, first_token_at=None, embeddings=[[0.5, -1.0]]))
    lane.run(b'{"id": "a", "input": "Paris"}')
    assert lane.result("a").embeddings == [[0.5, -1.0]]
    assert lane.runtime.requests[0].path == "/api/embed"


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 50_000, b'{"promt": "a"}', b"9" * 5000])
def test_a_malformed_message_has_its_result_at_the_message_id(make_lane: MakeLane, body: bytes) -> None:
    lane = make_lane()
    message_id = lane.run(body)
    assert (lane.result(message_id).status, lane.code(message_id)) == ("failed", "invalid_job")
    assert [(note.id, note.code) for note in lane.notifier.published] == [(message_id, ErrorCode.INVALID_JOB)]
    assert lane.queue.messages == {}
    assert lane.runtime.requests == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"id": "a", "promt": "b"}', "invalid_job"),
        (b'{"id": "a", "prompt": "b", "model": "llama3:8b"}', "unknown_model"),
        (b'{"id": "a", "prompt": "b", "destination": "other"}', "unknown_destination"),
        (b'{"id": "a", "prompt": "' + b"word " * 512 + b'"}', "prompt_too_long"),
        (b'{"id": "a", "prompt": "b", "format": {"type": "nonsense"}}', "invalid_job"),
        (b'{"id": "a", "prompt": "b", "format": {"$ref": "file:///etc/passwd"}}', "invalid_job"),
        (b'{"id": "a", "TopicArn": "b", "Message": "c"}', "envelope"),
        (b'{"id": "a", "stored": true}', "stored_job_missing"),
    ],
)
def test_a_job_that_can_never_be_answered_fails_without_the_engine(make_lane: MakeLane, body: bytes, code: str) -> None:
    lane = make_lane()
    lane.run(body)
    assert (lane.code("a"), lane.result("a").failures) == (code, ())
    assert lane.runtime.requests == []
    assert lane.queue.messages == {}


def test_a_body_that_is_too_large_fails_at_the_message_id(make_lane: MakeLane) -> None:
    lane = make_lane()
    message_id = lane.run(b" " * (MAX_BODY_BYTES + 1))
    assert lane.code(message_id) == "body_too_large"


def test_a_failed_job_keeps_its_labels(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a", model="other", labels={"team": "claims"})
    assert lane.result("a").labels == {"team": "claims"}
    assert lane.notifier.published[0].labels == {"team": "claims"}


@pytest.mark.parametrize("code", [ErrorCode.UNSUPPORTED, ErrorCode.PROMPT_TOO_LONG, ErrorCode.INVALID_JOB])
def test_a_permanent_error_of_the_engine_fails_the_job_at_once(make_lane: MakeLane, code: ErrorCode) -> None:
    lane = make_lane(JobError(code, "no"))
    lane.run(id="a")
    assert lane.code("a") == code.value
    assert len(lane.runtime.requests) == 1


def test_a_stored_body_is_read(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store_object("jobs/a.json", b'{"id": "a", "prompt": "Why is the sky blue?"}')
    lane.run(b'{"id": "a", "stored": true}')
    assert lane.runtime.requests[0].body["prompt"] == "Why is the sky blue?"
    assert lane.result("a").status == "succeeded"


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (b'{"id": "b", "prompt": "c"}', "another id"),
        (b'{"prompt": "c"}', "no id"),
        (b'{"id": "a", "stored": true}', "can't point to another"),
        (b"garbage", "not JSON"),
    ],
)
def test_a_stored_body_that_is_not_the_job_fails_it(make_lane: MakeLane, stored: bytes, words: str) -> None:
    lane = make_lane()
    lane.store_object("jobs/a.json", stored)
    lane.run(b'{"id": "a", "stored": true}')
    error = lane.result("a").error
    assert error is not None
    assert error.code is ErrorCode.INVALID_JOB
    assert words in error.message


def test_output_for_a_destination_is_written_before_the_commit_record(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a", destination="legal")
    output, record, *_ = lane.journal.of("put")
    key = output.removeprefix("put ")
    assert key.startswith("llm/a.")
    assert record == "put documents/results/a.json"
    assert b"Paris." in lane.store.objects["acme-legal", key].body


def test_the_commit_record_of_a_destination_points_to_the_output(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a", destination="legal")
    record = lane.result("a")
    key = lane.journal.of("put")[0].removeprefix("put ")
    assert record.text is None
    assert record.output is not None
    assert (record.output.destination, record.output.url) == ("legal", f"s3://acme-legal/{key}")
    assert record.usage is not None


def test_a_failed_job_writes_nothing_to_its_destination(make_lane: MakeLane) -> None:
    lane = make_lane(JobError(ErrorCode.UNSUPPORTED, "no"))
    lane.run(id="a", destination="legal")
    assert lane.code("a") == "unsupported"
    assert {bucket for bucket, _ in lane.store.objects} == {"acme-llm"}
