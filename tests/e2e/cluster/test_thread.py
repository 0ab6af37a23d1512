"""The mission in one line: `kubectl apply`, a message, a pod from zero, Gemma, a result; and back to zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.result import Result
from support.pods.installed import BUCKET, ROOT
from support.pods.load import without_operator
from support.pods.thread import OTHER_DEPLOYMENT, one_job, untouched
from support.pods.timeline import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed


@pytest.fixture(scope="module")
def pool(installed: Installed) -> Iterator[Installed]:
    installed.cluster.kubectl("apply", "--filename", ROOT / "examples" / "kind" / "pool.yaml")
    assert installed.wait_for("documents", "ScaledToZero")["status"] == "True"
    yield installed
    installed.cluster.kubectl("delete", "llmworkerpool", "documents")


def test_a_message_wakes_its_lane_alone_and_the_lane_sleeps_again(pool: Installed) -> None:
    result, parts = one_job(pool, "paris")

    print(f"\nfrom zero to the first token:\n{table([parts])}")  # noqa: T201 - the figure is the point
    assert result.status == "succeeded"
    assert result.finish_reason == "length"
    assert result.usage is not None
    assert result.usage.completion_tokens == 8
    assert result.model.digest is not None
    assert (result.pool, result.lane) == ("default/documents", "fast")
    assert untouched(pool, OTHER_DEPLOYMENT)
    assert stored(pool, "paris") == result
    assert set(left_in_queue(pool).values()) == {"0"}


def test_everything_but_changes_works_without_the_operator(pool: Installed) -> None:
    with without_operator(pool):
        result, _ = one_job(pool, "madrid")

    assert result.status == "succeeded"
    assert pool.wait_for("documents", "ScaledToZero")["status"] == "True"


def stored(pool: Installed, job_id: str) -> Result:
    """What is in S3 has the form of local results: the same model reads it."""
    with pool.cluster.inside():
        found = pool.s3().get_object(Bucket=BUCKET, Key=f"documents/results/{job_id}.json")
        return Result.model_validate_json(found["Body"].read())


def left_in_queue(pool: Installed) -> dict[str, str]:
    lanes = {each["name"]: each for each in pool.pool("documents")["status"]["lanes"]}
    with pool.cluster.inside():
        found = pool.sqs().get_queue_attributes(QueueUrl=lanes["fast"]["queueURL"], AttributeNames=["All"])
    return {name: value for name, value in found["Attributes"].items() if name.startswith("ApproximateNumber")}
