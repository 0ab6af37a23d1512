"""Gateways on a real node: an answer that is streamed from a lane at zero, and what is killed or replaced under it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from laneway.schema.job.keys import Place
from laneway.schema.job.result import Result
from support.inputs.pools import named, pool_with
from support.ollama.real import GEMMA
from support.pods.asking import RETRIED, SECONDS, Asking, counting
from support.pods.containers import kill
from support.pods.installed import BUCKET
from support.pods.leaving import Workers
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed

POOL, SECRET = "asked", "asked-keys"
KEY = f"lw-{'k' * 43}"
DEPLOYMENT = f"{POOL}-gateway-for-all-lanes"
SELECTOR = f"laneway.dev/pool={POOL},app.kubernetes.io/component=gateway"
GATEWAYS = 2
MANY = 20
SHORT, LONG = 16, 200  # tokens
LANE = {"name": "default", "scaling": {"maxReplicas": 1, "cooldown": "5m"}, "placement": {"profiles": ["cpu"]}}
SPEC: dict[str, Any] = {
    "model": {"name": GEMMA, "contextLength": 1024},
    "results": {"s3": {"bucket": BUCKET}},
    "gateway": {"keys": {"secretName": SECRET}, "replicas": GATEWAYS},
}


class First(NamedTuple):
    """The answer that woke the lane."""

    workers: set[str]
    """Those that there were when it was asked for."""
    asking: Asking
    last: dict[str, Any]


@pytest.fixture(scope="module")
def pool(installed: Installed) -> Iterator[Installed]:
    kubectl = installed.cluster.kubectl
    keys = json.dumps({"keys": [{"name": "team-a", "sha256": hashlib.sha256(KEY.encode()).hexdigest()}]})
    kubectl("create", "secret", "generic", SECRET, f"--from-literal=keys.json={keys}")
    installed.cluster.apply(named(pool_with(lane=LANE, **SPEC), POOL, "default"))
    installed.wait_for(POOL, "GatewayServing", "GatewayReady", seconds=SECONDS)
    installed.wait_for(POOL, "ScaledToZero")
    yield installed
    kubectl("delete", "llmworkerpool", POOL)
    kubectl("delete", "secret", SECRET)


def gateways(pool: Installed) -> list[dict[str, Any]]:
    """Those that stay, once so many are ready."""

    def look() -> list[dict[str, Any]]:
        found = [each for each in pool.cluster.pods(SELECTOR) if "deletionTimestamp" not in each["metadata"]]
        ready = [each for each in found if all(one["ready"] for one in each["status"].get("containerStatuses", []))]
        return ready if len(ready) == len(found) == GATEWAYS else []

    return eventually(look, SECONDS)


def asking(pool: Installed, pod: dict[str, Any], tokens: int, **headers: str) -> Asking:
    return Asking(pool.cluster, pod, KEY, counting(GEMMA, tokens), headers)


def result(pool: Installed, job_id: str) -> Result:
    with pool.cluster.inside():
        key = Place(bucket=BUCKET, prefix=f"{POOL}/").result(job_id)
        return Result.model_validate_json(pool.s3().get_object(Bucket=BUCKET, Key=key)["Body"].read())


@pytest.fixture(scope="module")
def first(pool: Installed) -> First:
    """Asked before any other."""
    workers = Workers(pool.cluster, POOL, "default").names()
    made = asking(pool, gateways(pool)[0], SHORT)
    return First(workers, made, made.run())


def test_an_answer_is_streamed_from_a_lane_at_zero(pool: Installed, first: First) -> None:
    assert first.workers == set()
    assert first.last["done"]
    assert first.last["eval_count"] == SHORT
    assert first.asking.text == result(pool, first.asking.job_id).text != ""


@pytest.mark.usefixtures("first")
def test_a_rollout_of_gateways_breaks_none_of_many_open_streams(pool: Installed) -> None:
    old = gateways(pool)
    askings = [asking(pool, old[number % GATEWAYS], SHORT) for number in range(MANY)]
    running = [in_thread(each.run) for each in askings]
    assert askings[0].begun.wait(SECONDS)
    pool.cluster.kubectl("rollout", "restart", f"deployment/{DEPLOYMENT}")
    ends = [each.result(SECONDS) for each in running]
    assert [each["done"] for each in ends] == [True] * MANY
    assert len({each.job_id for each in askings}) == MANY
    assert {each.text for each in askings} == {askings[0].text}
    new = {each["metadata"]["name"] for each in gateways(pool)}
    assert not new & {each["metadata"]["name"] for each in old}


@pytest.mark.usefixtures("first")
def test_a_killed_worker_is_not_noticed_but_by_a_pause(pool: Installed) -> None:
    (worker,) = Workers(pool.cluster, POOL, "default").until_ready(1)
    story = asking(pool, gateways(pool)[0], LONG)
    running = in_thread(story.run)
    assert story.begun.wait(SECONDS)
    kill(worker, "worker")
    assert running.result(SECONDS)["done"]
    told = result(pool, story.job_id)
    assert story.text == told.text
    assert told.failures == ()


@pytest.mark.usefixtures("first")
def test_who_asks_again_after_its_gateway_was_killed_has_the_one_job_at_another(pool: Installed) -> None:
    first, second = gateways(pool)
    broken = asking(pool, first, LONG)
    running = in_thread(broken.run)
    assert broken.begun.wait(SECONDS)
    kill(first, "gateway")
    with pytest.raises(httpx.HTTPError):
        running.result(SECONDS)
    again = asking(pool, second, LONG, **RETRIED)
    assert again.run()["done"]
    assert again.job_id == broken.job_id
    assert again.text == result(pool, again.job_id).text
    assert again.text.startswith(broken.text)
