"""A person suspends a pool with a real worker at work, and has it go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.result import Result
from support.inputs.pools import named, pool_with
from support.pods.installed import BUCKET
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed

NAME = "resting"
DEPLOYMENT = f"{NAME}-default"
POOL = f"s3://{BUCKET}/{NAME}"
LANE = {
    "limits": {"timeout": "10m", "maxTokens": 1500},
    "scaling": {"maxReplicas": 1, "cooldown": "1m"},
    "placement": {"profiles": ["cpu"]},
    "drainTimeout": "5m",
}
TOKENS = 400  # tens of seconds on two cores: longer than KEDA needs to hold the lane at zero
SECONDS = 240.0


@pytest.fixture
def pool(installed: Installed) -> Iterator[Installed]:
    spec = {
        "model": {"name": "gemma3:270m", "contextLength": 2048},
        "results": {"s3": {"bucket": BUCKET, "prefix": f"{NAME}/"}},
    }
    installed.cluster.apply(named(pool_with(lane=LANE, **spec), NAME, "default"))
    installed.wait_for(NAME, "ScaledToZero")
    yield installed
    installed.cluster.kubectl("delete", "llmworkerpool", NAME)


def test_what_runs_is_finished_and_what_waits_is_started_when_the_pool_goes_on(pool: Installed) -> None:
    submit(pool, "runs", TOKENS)
    submit(pool, "waits", 8)
    eventually(lambda: figures(pool) == ("1", "1"), SECONDS)

    patch(pool, suspend=True)
    pool.wait_for(NAME, "Suspended")
    eventually(lambda: pool.replicas(DEPLOYMENT) == 0, SECONDS)
    ran = result(pool, "runs")
    eventually(lambda: not pool.cluster.pods(f"laneway.dev/pool={NAME},laneway.dev/lane=default"), SECONDS)
    assert figures(pool) == ("1", "0")

    patch(pool, suspend=False)
    waited = result(pool, "waits")
    assert (ran.status, waited.status, ran.failures) == ("succeeded", "succeeded", ())
    assert ran.usage is not None
    assert ran.usage.completion_tokens == TOKENS
    assert ran.timing.finished_at is not None
    assert waited.timing.received_at is not None
    assert waited.timing.received_at > ran.timing.finished_at


def patch(pool: Installed, *, suspend: bool) -> None:
    words = json.dumps({"spec": {"suspend": suspend}})
    pool.cluster.kubectl("patch", "llmworkerpool", NAME, "--type=merge", f"--patch={words}")


def submit(pool: Installed, job_id: str, tokens: int) -> None:
    prompt = ", ".join(str(number) for number in range(1, 40))
    done = pool.laneway("submit", "--id", job_id, "--max-tokens", str(tokens), prompt, pool=POOL)
    assert done.returncode == 0, done.stdout + done.stderr


def result(pool: Installed, job_id: str) -> Result:
    done = pool.laneway("result", "--wait", "--timeout", str(int(SECONDS)), "--json", job_id, pool=POOL)
    assert done.returncode == 0, done.stdout + done.stderr + pool.operator_log()
    return Result.model_validate_json(done.stdout)


def figures(pool: Installed) -> tuple[str, str]:
    """Jobs that wait, and jobs that run."""
    [lane] = pool.pool(NAME)["status"]["lanes"]
    with pool.cluster.inside():
        found = pool.sqs().get_queue_attributes(QueueUrl=lane["queueURL"], AttributeNames=["All"])["Attributes"]
    return found["ApproximateNumberOfMessages"], found["ApproximateNumberOfMessagesNotVisible"]
