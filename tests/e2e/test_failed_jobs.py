"""What a person does with jobs that failed, on a running pool."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from laneway import InvalidJob
from laneway.client.failed_jobs import FailedJobRefused
from laneway.schema.job.history import History
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from support.inputs.pool_files import BUCKET, CANARY, short
from support.waiting import eventually

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

    from laneway import Result
    from laneway.schema.job.failed_job import FailedJob
    from support.local.pool import LocalPool

WAIT_SECONDS = 180.0


def new_id() -> str:
    return f"failed-{uuid.uuid4().hex}"


def sent(shared: LocalPool, lane: str, body: str, history: History | None = None, copies: int = 1) -> None:
    attributes: dict[str, MessageAttributeValueTypeDef] = {}
    if history is not None:
        attributes[MESSAGE_ATTRIBUTE] = {"DataType": "String", "StringValue": history.to_attribute()}
    shared.aws.sqs.send_message_batch(
        QueueUrl=shared.pool.lane(lane).queue.url,
        Entries=[{"Id": str(each), "MessageBody": body, "MessageAttributes": attributes} for each in range(copies)],
    )


def stored(shared: LocalPool, job_id: str) -> None:
    """Put the body where the message of `pointing` looks for it."""
    body = json.dumps(short(CANARY, id=job_id)).encode()
    shared.aws.s3.put_object(Bucket=BUCKET, Key=f"e2e/jobs/{job_id}.json", Body=body)


def pointing(shared: LocalPool) -> FailedJob:
    """A job that failed because its stored body is not there."""
    job_id = new_id()
    sent(shared, "slow", json.dumps({"id": job_id, "stored": True}))
    return kept(shared, job_id)


def kept(shared: LocalPool, job_id: str, replaced: str | None = None) -> FailedJob:
    """What is kept of a job, once its failed result, another one than `replaced`, is there."""
    shared.pool.wait(job_id, timeout=WAIT_SECONDS, replaced=replaced)
    return eventually(lambda: next(shared.pool.failed.list([job_id]), None)) or shared.pool.failed.show(job_id)


def standing(shared: LocalPool, job_id: str) -> str:
    """The ETag of the job's result."""
    return shared.aws.s3.head_object(Bucket=BUCKET, Key=f"e2e/results/{job_id}.json")["ETag"]


def new_result(shared: LocalPool, job_id: str, lane: str | None = None) -> Result:
    outcome = shared.pool.failed.retry(job_id, to=lane)
    return shared.pool.wait(job_id, timeout=WAIT_SECONDS, replaced=outcome.replaces)


def idle(shared: LocalPool, lane: str) -> bool:
    return not any(vars(shared.pool.figures()[lane]).values())


def test_a_failed_job_is_listed_shown_and_its_prompt_only_on_request(shared: LocalPool) -> None:
    job_id = shared.pool.submit(input=CANARY, lane="fast").id
    kept(shared, job_id)
    told, shown = shared.cli("failed", "list", job_id), shared.cli("failed", "show", job_id)
    row = told.stdout.splitlines()[-1].split()
    assert row[:4] == [job_id, "fast", "unsupported", "0"]
    assert "unsupported" in shown.stdout
    assert CANARY not in told.stdout + shown.stdout
    assert CANARY in shared.cli("failed", "show", "--body", job_id).stdout


def test_a_retry_that_fails_again_is_kept_again(shared: LocalPool) -> None:
    job_id = shared.pool.submit(input="a cat", lane="fast").id
    before = kept(shared, job_id)
    done = shared.cli("failed", "retry", job_id, "--wait", "--timeout", "60")
    after = kept(shared, job_id, before.result_etag)
    assert done.returncode == 1
    assert f"{job_id} failed: unsupported" in done.stdout
    assert before.result_etag != after.result_etag == standing(shared, job_id)
    assert before.submitted_at < before.failed_at < after.submitted_at
    assert after.body == before.body


def test_a_job_whose_cause_was_mended_succeeds_and_is_kept_no_longer(shared: LocalPool) -> None:
    job_id = pointing(shared).id
    refused = shared.cli("failed", "retry", job_id)
    stored(shared, job_id)
    done = shared.cli("failed", "retry", job_id, "--wait", "--timeout", "60")
    result = shared.pool.result(job_id)
    assert (refused.returncode, f"e2e/jobs/{job_id}.json" in refused.stderr) == (1, True)
    assert (done.returncode, done.stdout) == (0, f"{job_id} succeeded\n")
    assert result.text
    assert result.failures == ()
    assert list(shared.pool.failed.list([job_id])) == []
    assert shared.cli("failed", "show", job_id).returncode == 2


def test_another_lane_can_answer_what_its_own_could_not(shared: LocalPool) -> None:
    job_id = shared.pool.submit(input="a cat", lane="fast").id
    kept(shared, job_id)
    result = new_result(shared, job_id, "slow")
    assert (result.status, result.lane) == ("succeeded", "slow")
    assert result.embeddings


def test_an_answer_is_never_replaced(shared: LocalPool) -> None:
    failed = pointing(shared)
    stored(shared, failed.id)
    first = new_result(shared, failed.id)
    etag = standing(shared, failed.id)
    now = datetime.now(UTC)
    for replaces in (failed.result_etag, etag):  # a second retry of the failure, and a forged one of the answer
        sent(shared, "slow", failed.body, History(id=failed.id, submitted_at=now, replaces=replaces))
    eventually(lambda: idle(shared, "slow"), WAIT_SECONDS)
    assert standing(shared, failed.id) == etag
    assert shared.pool.result(failed.id) == first


def test_two_retries_that_run_at_once_leave_one_new_result(shared: LocalPool) -> None:
    failed = pointing(shared)
    stored(shared, failed.id)
    history = History(id=failed.id, submitted_at=datetime.now(UTC), replaces=failed.result_etag)
    sent(shared, "slow", failed.body, history, copies=2)
    result = shared.pool.wait(failed.id, timeout=WAIT_SECONDS, replaced=failed.result_etag)
    eventually(lambda: idle(shared, "slow"), WAIT_SECONDS)
    assert result.status == "succeeded"
    assert shared.pool.result(failed.id) == result
    assert list(shared.pool.failed.list([failed.id])) == []  # its entry is still there, of a result that is not


def test_a_dropped_job_keeps_its_result(shared: LocalPool) -> None:
    failed = pointing(shared)
    done = shared.cli("failed", "drop", failed.id)
    assert (done.returncode, done.stderr) == (0, "dropped 1, refused 0\n")
    assert shared.cli("status", failed.id).stdout.strip() == "failed"
    assert standing(shared, failed.id) == failed.result_etag
    with pytest.raises(FailedJobRefused, match="or it was dropped"):
        shared.pool.failed.retry(failed.id)


def test_an_expired_job_is_answered_after_all(shared: LocalPool) -> None:
    job_id = new_id()
    stored(shared, job_id)
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    sent(shared, "slow", json.dumps(short(CANARY, id=job_id)), History(id=job_id, submitted_at=long_ago))
    assert shared.pool.wait(job_id, timeout=WAIT_SECONDS).status == "expired"
    assert new_result(shared, job_id).status == "succeeded"


def test_a_body_that_is_past_its_own_deadline_is_refused(shared: LocalPool) -> None:
    late = datetime.now(UTC) - timedelta(seconds=1)
    job_id = shared.pool.submit(**short(expires_at=late)).id
    assert shared.pool.wait(job_id, timeout=WAIT_SECONDS).status == "expired"
    with pytest.raises(FailedJobRefused, match="new id"):
        shared.pool.failed.retry(job_id)


def test_what_the_workers_would_refuse_again_is_refused_at_once(shared: LocalPool) -> None:
    job_id = new_id()
    sent(shared, "slow", json.dumps(short(id=job_id, destination="elsewhere")))
    assert kept(shared, job_id).error.code == "unknown_destination"
    with pytest.raises(InvalidJob, match="legal"):
        shared.pool.failed.retry(job_id)
