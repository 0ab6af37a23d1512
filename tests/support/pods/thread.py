"""One job through a cluster: from a lane at zero to its result and back to zero."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from laneway.schema.job.result import Result
from support import canary
from support.pods.installed import BUCKET
from support.pods.timeline import parts, watching
from support.waiting import eventually

if TYPE_CHECKING:
    from support.pods.installed import Installed
    from support.pods.timeline import Parts

POOL = f"s3://{BUCKET}/documents"
LANE, DEPLOYMENT, OTHER_DEPLOYMENT = "fast", "documents-fast", "documents-slow"
SCALE_IN_SECONDS = 240.0


def one_job(pool: Installed, job_id: str) -> tuple[Result, Parts]:
    """The result, and what each part of the way to the first token took; the worker drains on its way out."""
    eventually(lambda: not pool.cluster.pods(f"laneway.dev/lane={LANE}"), SCALE_IN_SECONDS)
    with watching(pool.cluster, f"laneway.dev/lane={LANE}") as watch:
        done = pool.laneway(
            *("submit", "--wait", "--json", "--timeout", "200", "--lane", LANE),
            *("--id", job_id, "--max-tokens", "8", f"{canary.PROMPT}. The capital of France is"),
            pool=POOL,
        )
        assert done.returncode == 0, done.stdout + done.stderr + pool.operator_log()
        [name] = watch.pods
        followed = canary.saw(pool.cluster.kubectl("logs", "--follow", name, "--container=worker"), f"pod {name}")
        eventually(lambda: not pool.cluster.pods(f"laneway.dev/lane={LANE}"), SCALE_IN_SECONDS)
    assert pool.replicas(DEPLOYMENT) == 0
    log = [json.loads(line) for line in followed.splitlines()]
    assert [each["message"] for each in log][-2:] == ["draining", "worker stopped"], followed
    assert (log[-2]["held"], log[-1]["finished"], log[-1]["given_back"]) == (0, 0, 0), followed
    result = Result.model_validate_json(done.stdout)
    return result, parts(watch.pods[name], log, result.timing)


def untouched(pool: Installed, deployment: str) -> bool:
    """Whether a Deployment never had a pod."""
    events = json.loads(pool.cluster.kubectl("get", "events", "--output=json"))["items"]
    scaled = [each["involvedObject"]["name"] for each in events if each["reason"] == "ScalingReplicaSet"]
    return pool.replicas(deployment) == 0 and deployment not in scaled
