"""The dead-letter handler of `laneway up`: what lies in a dead-letter queue gets its failed result."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from laneway.schema.job.failed_job import FailedJob
from support.inputs.pool_files import BUCKET, CANARY, short
from support.waiting import eventually

if TYPE_CHECKING:
    from support.local.pool import LocalPool

WAIT_SECONDS = 180.0


def test_a_dead_letter_ends_in_a_failed_result_and_a_failed_job(shared: LocalPool) -> None:
    dead = shared.pool.lane("slow").queue.dead_letter_url
    job_id, body = f"dead-{uuid.uuid4().hex}", short(CANARY)
    shared.aws.sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"id": job_id} | body))
    result = shared.pool.wait(job_id, timeout=WAIT_SECONDS)
    assert result.error is not None
    assert (result.status, result.lane, result.error.code) == ("failed", "slow", "poison")
    key = f"e2e/failed/{job_id}.json"
    eventually(lambda: shared.aws.s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["KeyCount"], WAIT_SECONDS)
    kept = shared.aws.object(BUCKET, key)
    assert FailedJob.model_validate_json(json.dumps(kept)).body == json.dumps({"id": job_id} | body)
    eventually(lambda: shared.pool.figures()["slow"].running == 0, WAIT_SECONDS)
    assert "dead-letters" in shared.children()
