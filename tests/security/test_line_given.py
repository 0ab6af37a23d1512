"""Who sees the line: senders its length and its pace, people on call who is in it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from laneway.iam.needs import Role
from laneway.iam.policy import bucket_policy, policy
from laneway.iam.resources import Scope
from laneway.schema.estimate.reckon import Asked, estimate
from laneway.schema.pool.documents.lane_estimate import LaneEstimate
from laneway.schema.pool.documents.worker_report import WorkerReport
from laneway.schema.pool.pool import parse_pool
from support.iam.evaluate import Call, allows, denies
from support.inputs.lines import NOW, lane_estimate
from support.inputs.pools import pool_with

POOL = parse_pool(pool_with())
SCOPE = Scope("111122223333", "eu-west-1")
ARN = f"arn:aws:s3:::{POOL.results.bucket}/"
REPORT, ESTIMATE = (
    f"{ARN}{each}" for each in (POOL.results.worker_report("fast", "w"), POOL.results.lane_estimate("fast"))
)
READ, WRITE, DELETE = "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
MAY = {
    (READ, REPORT): {Role.POOL, Role.WORKER, Role.PERSON_ON_CALL, Role.DASHBOARD},
    (WRITE, REPORT): {Role.POOL, Role.WORKER},
    (DELETE, REPORT): {Role.POOL, Role.WORKER},
    (READ, ESTIMATE): {Role.POOL, Role.WORKER, Role.SUBMITTER, Role.GATEWAY, Role.PERSON_ON_CALL, Role.DASHBOARD},
    (WRITE, ESTIMATE): {Role.POOL, Role.WORKER},
    (DELETE, ESTIMATE): set(),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("action", "resource"), list(MAY))
def test_each_role_sees_and_says_no_more_of_the_line_than_it_needs(role: Role, action: str, resource: str) -> None:
    assert allows(policy(role, POOL, SCOPE), Call(action, resource)) is (role in MAY[action, resource])


def test_a_lanes_document_is_never_overwritten_unseen() -> None:
    assert denies(bucket_policy(POOL, SCOPE), Call(WRITE, ESTIMATE, {"s3:ObjectCreationOperation": "true"}))
    assert not denies(
        bucket_policy(POOL, SCOPE),
        Call(WRITE, REPORT, {"s3:ObjectCreationOperation": "true", "aws:SecureTransport": "true"}),
    )


def test_senders_learn_no_id_and_nobody_a_text() -> None:
    assert not {"id", "ids", "worker", "jobs"} & {*LaneEstimate.model_fields}
    assert not {"prompt", "text", "message", "messages"} & {*WorkerReport.model_fields, *LaneEstimate.model_fields}


@pytest.mark.parametrize("field", ["run_seconds", "running", "head_of_line_seconds"])
@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e308, -1.0])
def test_a_worker_that_lies_breaks_no_sender(field: str, value: float) -> None:
    with pytest.raises(ValidationError):
        lane_estimate(**{field: (value,)})


def test_the_longest_times_are_still_numbers() -> None:
    known = lane_estimate(run_seconds=(365 * 24 * 3600.0,) * 200)
    assert estimate(Asked("fast", 10**9, 2, NOW), known).known == "range"
    assert estimate(Asked("fast", 10, 2, NOW), lane_estimate(run_seconds=(0.0,) * 200, slots=0)).known == "range"
