"""The Python client against a running pool."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest
from pydantic import BaseModel

from laneway import IdReused, InvalidJob, Job, JobCancelled, JobExpired, JobFailed, Pool, PoolUnavailable, UnknownJob
from support.inputs.pool_files import BUCKET, CANARY, ENDLESS_TOKENS, LEGAL_BUCKET, counting, short
from support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from support.local.pool import LocalPool

WAIT_SECONDS = 180.0
SCHEMA = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}
QUESTION = "Is the sky blue? Answer in JSON."


class Verdict(BaseModel):
    yes: bool


class Fruit(BaseModel):
    name: str
    colour: Literal["red", "yellow", "green"]


def new_id() -> str:
    return f"client-{uuid.uuid4().hex}"


def test_a_text_is_a_prompt(shared: LocalPool) -> None:
    handle = shared.pool.submit(f"Say hello. {CANARY}", options={"num_predict": 8}, lane="slow")
    result = handle.result(timeout=WAIT_SECONDS)
    assert result.text
    assert result.id == handle.id
    assert result.usage is not None
    assert 1 <= result.usage.completion_tokens <= 8
    assert handle.status().state == "succeeded"


def test_a_dictionary_a_job_and_fields_are_the_same_request(shared: LocalPool) -> None:
    pool = shared.pool
    handles = [pool.submit(short()), pool.submit(Job.model_validate(short())), pool.submit(**short())]
    results = [handle.result(timeout=WAIT_SECONDS) for handle in handles]
    assert len({result.request_hash for result in results}) == 1
    assert len({result.text for result in results}) == 1


def test_the_result_tells_who_answered_and_when(shared: LocalPool) -> None:
    result = shared.pool.submit(**short(labels={"team": "claims"})).result(timeout=WAIT_SECONDS)
    timing = result.timing
    assert result.model.name == "gemma3:270m"
    assert result.model.digest is not None
    assert result.pool == "default/e2e"
    assert result.labels == {"team": "claims"}
    assert result.failures == ()
    assert result.finish_reason == "length"
    assert timing.started_at is not None
    assert timing.submitted_at <= timing.started_at <= timing.finished_at


def test_an_id_of_another_request_is_refused(shared: LocalPool) -> None:
    job_id = new_id()
    shared.pool.submit(**short(id=job_id))
    with pytest.raises(IdReused, match=job_id):
        shared.pool.submit(**short("The capital of Italy is", id=job_id))


def test_a_request_sent_again_has_the_result_it_has(shared: LocalPool) -> None:
    job_id = new_id()
    first = shared.pool.submit(**short(id=job_id)).result(timeout=WAIT_SECONDS)
    again = shared.pool.submit(**short(id=job_id)).result(timeout=WAIT_SECONDS)
    assert again == first


def test_a_request_that_has_its_result_is_not_sent_again(shared: LocalPool, idle: Path) -> None:
    pool = Pool(str(idle))
    job_id = pool.submit(**short()).id
    done = shared.pool.submit(**short()).result(timeout=WAIT_SECONDS).model_copy(update={"id": job_id})
    shared.aws.s3.put_object(Bucket=BUCKET, Key=f"idle/results/{job_id}.json", Body=done.to_json())
    before = pool.figures()["fast"].queued
    assert pool.submit(**short(id=job_id)).result(timeout=WAIT_SECONDS) == done
    assert pool.figures()["fast"].queued == before


def test_a_request_sent_twice_at_once_has_one_result(shared: LocalPool) -> None:
    job_id = new_id()
    for _ in range(3):
        shared.pool.submit(**short(id=job_id), lane="slow")
    first = shared.pool.wait(job_id, timeout=WAIT_SECONDS)
    eventually(lambda: sum(vars(shared.pool.figures()["slow"]).values()) == 0)
    assert shared.pool.wait(job_id) == first


def test_an_answer_becomes_an_instance_of_the_model(shared: LocalPool) -> None:
    handle = shared.pool.submit(QUESTION, returns=Verdict, options={"num_predict": 64}, lane="slow")
    assert isinstance(handle.parsed(timeout=WAIT_SECONDS), Verdict)


def test_a_json_answer_is_parsed(shared: LocalPool) -> None:
    options = {"temperature": 0, "num_predict": 64}
    handle = shared.pool.submit(QUESTION, format=SCHEMA, options=options, lane="slow")
    result = handle.result(timeout=WAIT_SECONDS)
    assert result.text is not None
    assert result.parsed == json.loads(result.text) == handle.parsed()


def test_a_base_model_goes_on_after_examples_and_meets_a_schema(shared: LocalPool) -> None:
    prompt = (
        'Fruit: a ripe banana\nJSON: {"name": "banana", "colour": "yellow"}\n\n'
        'Fruit: a fresh strawberry\nJSON: {"name": "strawberry", "colour": "red"}\n\n'
        "Fruit: a juicy lime\nJSON:"
    )
    options = {"temperature": 0, "num_predict": 64}
    handle = shared.pool.submit(prompt, raw=True, returns=Fruit, options=options, lane="fast")
    assert handle.parsed(timeout=WAIT_SECONDS).name == "lime"


def test_a_chat_is_answered_by_a_message(shared: LocalPool) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Hello, {CANARY}!"}]
    result = shared.pool.submit(messages=messages, options={"num_predict": 8}, lane="slow").result(timeout=WAIT_SECONDS)
    assert result.text is None
    assert result.message is not None
    assert result.message["role"] == "assistant"
    assert result.message["content"]


def test_texts_become_vectors(shared: LocalPool) -> None:
    result = shared.pool.submit(input=[CANARY, "a cat", "a cat"], lane="slow").result(timeout=WAIT_SECONDS)
    assert result.embeddings is not None
    assert len(result.embeddings) == 3
    assert result.embeddings[1] == pytest.approx(result.embeddings[2], abs=1e-3)


def test_what_the_model_can_not_do_fails_with_its_code(shared: LocalPool) -> None:
    with pytest.raises(JobFailed, match="unsupported") as caught:
        shared.pool.submit(input="a cat", lane="fast").result(timeout=WAIT_SECONDS)
    assert caught.value.result.status == "failed"


def test_answers_come_in_the_order_of_the_jobs(shared: LocalPool) -> None:
    ids = [new_id() for _ in range(6)]
    jobs = [counting(60 if number % 2 == 0 else 4, id=job_id) for number, job_id in enumerate(ids)]
    results = list(shared.pool.map(jobs, lane="slow", timeout=WAIT_SECONDS))
    assert [result.id for result in results] == ids


def test_handles_come_as_their_jobs_end(shared: LocalPool) -> None:
    long = shared.pool.submit(**counting(150), lane="fast")
    quick = shared.pool.submit(**short(), lane="slow")
    assert [each.id for each in shared.pool.as_completed([long, quick], timeout=WAIT_SECONDS)] == [quick.id, long.id]


def test_a_wait_that_is_too_short_leaves_the_job_alone(shared: LocalPool, idle: Path) -> None:
    pool = Pool(str(idle))
    handle = pool.submit(**short())
    with pytest.raises(TimeoutError, match=handle.id):
        handle.result(timeout=0.1)
    with pytest.raises(TimeoutError, match="1 jobs"):
        list(pool.as_completed([handle], timeout=0.1))
    assert handle.status().state == "queued"
    assert shared.serving


def test_a_cancelled_job_raises_so(shared: LocalPool) -> None:
    handle = shared.pool.submit(**counting(ENDLESS_TOKENS, id=new_id()))
    handle.cancel()
    with pytest.raises(JobCancelled, match=handle.id):
        handle.result(timeout=WAIT_SECONDS)


def test_a_job_whose_deadline_has_passed_raises_so(shared: LocalPool) -> None:
    late = datetime.now(UTC) - timedelta(seconds=1)
    with pytest.raises(JobExpired, match="expired"):
        shared.pool.submit(**short(expires_at=late)).result(timeout=WAIT_SECONDS)


def test_a_job_that_runs_too_long_fails_after_its_attempts(shared: LocalPool) -> None:
    handle = shared.pool.submit(**counting(ENDLESS_TOKENS), lane="brief")
    with pytest.raises(JobFailed, match=r"timed_out|stalled") as caught:  # a loaded machine may not reach a token
        handle.result(timeout=WAIT_SECONDS)
    assert [failure.attempt for failure in caught.value.result.failures] == [1]


def test_an_answer_that_is_cut_does_not_meet_its_format(shared: LocalPool) -> None:
    with pytest.raises(JobFailed, match="format_not_met"):
        shared.pool.submit(QUESTION, format=SCHEMA, options={"num_predict": 1}, lane="brief").result(WAIT_SECONDS)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"prompt": "a", "options": {"num_ctx": 1}}, "num_ctx"),
        ({"prompt": "a", "stream": True}, "stream"),
        ({"prompt": "a", "formt": "json"}, "did you mean format"),
        ({"prompt": "a", "destination": "elsewhere"}, "legal"),
        ({"prompt": "a", "lane": "nowhere"}, "fast, slow, brief"),
        ({"prompt": "a" * 1024 * 1024}, "bytes"),
        ({}, "exactly one"),
    ],
)
def test_what_workers_would_refuse_is_refused_at_once(shared: LocalPool, fields: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidJob, match=named):
        shared.pool.submit(**fields)  # type: ignore[call-overload] # because the wrong fields are the point


def test_an_unknown_job_has_no_status(shared: LocalPool) -> None:
    with pytest.raises(UnknownJob, match="no-such-job"):
        shared.pool.status("no-such-job")


def test_a_folder_without_a_pool_is_named(tmp_path: Path) -> None:
    with pytest.raises(PoolUnavailable, match="laneway up"):
        Pool(str(tmp_path))


def test_a_large_body_waits_in_the_bucket_and_its_message_points_there(shared: LocalPool, idle: Path) -> None:
    pool = Pool(str(idle))
    handle = pool.submit("a " * 100_000)
    (message,) = [
        each
        for each in shared.aws.sqs.receive_message(
            QueueUrl=pool.lane().queue.url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )["Messages"]
        if handle.id in each["Body"]
    ]
    assert json.loads(message["Body"]) == {"id": handle.id, "stored": True}
    assert shared.aws.object(BUCKET, f"idle/jobs/{handle.id}.json")["id"] == handle.id


def test_a_large_body_is_answered(shared: LocalPool) -> None:
    large = SCHEMA | {"description": "x" * 200_000}
    options = {"temperature": 0, "num_predict": 64}
    handle = shared.pool.submit(QUESTION, format=large, options=options, lane="slow")
    assert handle.parsed(timeout=WAIT_SECONDS).keys() == {"yes"}


def test_a_large_prompt_that_does_not_fit_is_refused_by_name(shared: LocalPool) -> None:
    with pytest.raises(JobFailed, match="prompt_too_long"):
        shared.pool.submit(f"{CANARY} " * 20_000, lane="slow").result(timeout=WAIT_SECONDS)


def test_a_reader_without_a_right_to_the_destination_gets_the_record(shared: LocalPool) -> None:
    handle = shared.pool.submit(**short(destination="legal"))
    handle.result(timeout=WAIT_SECONDS)
    key = f"e2e/results/{handle.id}.json"
    record = shared.aws.object(BUCKET, key)
    record["output"]["url"] = "s3://nobodys-bucket/out.json"
    shared.aws.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(record).encode())
    found = shared.pool.find(handle.id)
    assert found is not None
    assert (found.status, found.text) == ("succeeded", None)


def test_the_output_lies_at_the_destination_and_the_record_holds_no_text(shared: LocalPool) -> None:
    handle = shared.pool.submit(**short(destination="legal"))
    answered = handle.result(timeout=WAIT_SECONDS)
    record = shared.aws.object(BUCKET, f"e2e/results/{handle.id}.json")
    url = record["output"]["url"]
    assert answered.text
    assert record["status"] == "succeeded"
    assert "text" not in record
    assert record["output"]["destination"] == "legal"
    assert url.startswith(f"s3://{LEGAL_BUCKET}/llm/{handle.id}.")
    assert shared.aws.object(LEGAL_BUCKET, url.removeprefix(f"s3://{LEGAL_BUCKET}/"))["text"] == answered.text
    found = shared.pool.find(handle.id)
    assert found is not None
    assert found.text == answered.text
