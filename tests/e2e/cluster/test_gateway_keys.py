"""Gateways as pods on a real node: without keys, with keys, a request and its answer, a key taken away, and gone."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from laneway.schema.job.result import Result
from support.inputs.pools import named, pool_with
from support.pods.installed import BUCKET
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.pods.installed import Installed

NAME = "doors"
SECRET = "doors-keys"  # noqa: S105 - a Secret's name
MINE = f"laneway.dev/pool={NAME},app.kubernetes.io/component=gateway"
LANE = {"scaling": {"maxReplicas": 1, "cooldown": "1m"}, "placement": {"profiles": ["cpu"]}, "drainTimeout": "30s"}
SECONDS = 240.0
ASKED = {"model": "gemma3:270m", "prompt": "The capital of France is", "stream": True}
MANY = 200  # tokens: seconds on two cores, in which a gateway that is told to leave goes on


@pytest.fixture
def pool(installed: Installed) -> Iterator[Installed]:
    spec = {
        "model": {"name": "gemma3:270m", "contextLength": 2048},
        "results": {"s3": {"bucket": BUCKET, "prefix": f"{NAME}/"}},
        "gateway": {"keys": {"secretName": SECRET}},
    }
    installed.cluster.apply(named(pool_with(lane=LANE, **spec), NAME, "default"))
    installed.wait_for(NAME, "ScaledToZero")
    yield installed
    installed.cluster.kubectl("delete", "llmworkerpool", NAME)
    installed.cluster.kubectl("delete", "secret", SECRET, "--ignore-not-found")


@pytest.mark.soak  # minutes, most of them until the kubelet brings a changed Secret
def test_a_request_goes_through_pods_that_have_nothing_but_their_keys_and_their_pool(pool: Installed) -> None:
    told = pool.wait_for(NAME, "GatewayKeysMissing", "GatewayReady", seconds=SECONDS)
    assert "there is no keys file /etc/laneway-keys/keys.json" in told["message"]

    program = Path(sys.executable).parent / "laneway"
    key, entry = pool.cluster.run(program, "keys", "new", "team-a").stdout.splitlines()
    keep(pool, [json.loads(entry)])
    pool.cluster.kubectl("delete", "pods", f"--selector={MINE}")
    pool.wait_for(NAME, "GatewayServing", "GatewayReady", seconds=SECONDS)
    pod = ready_pod(pool)
    doors = address(pool, pod)

    with pool.cluster.inside():
        assert models(doors, "lw-nobodys") == 401
        assert models(doors, key) == 200
        assert stored(pool, *answer(doors, key))
        assert stored(pool, *answer(doors, key, MANY, lambda: leave(pool, pod)))
    eventually(
        lambda: pod["metadata"]["name"] not in {each["metadata"]["name"] for each in pool.cluster.pods(MINE)}, SECONDS
    )

    other = address(pool, ready_pod(pool))
    keep(pool, [])
    taken = time.monotonic()
    with pool.cluster.inside():
        eventually(lambda: models(other, key) == 401, SECONDS)
    print(f"\na key that was taken away let nobody in {time.monotonic() - taken:.0f} s later")  # noqa: T201 - a figure

    pool.cluster.kubectl("patch", "llmworkerpool", NAME, "--type=merge", '--patch={"spec":{"gateway":null}}')
    eventually(lambda: not pool.cluster.pods(MINE), SECONDS)


def keep(pool: Installed, keys: list[dict[str, Any]]) -> None:
    """In the Secret, as a person does it."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": "default"},
        "stringData": {"keys.json": json.dumps({"keys": keys})},
    }
    pool.cluster.apply(manifest)


def ready_pod(pool: Installed) -> dict[str, Any]:
    """A gateway that stays."""
    return next(
        each for each in pool.cluster.pods(MINE) if is_ready(each) and "deletionTimestamp" not in each["metadata"]
    )


def is_ready(pod: dict[str, Any]) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", []))


def address(pool: Installed, pod: dict[str, Any]) -> str:
    """Of its doors, as the Service leads there: the test cluster has no kube-proxy."""
    (port,) = pool.cluster.get("service", f"{NAME}-gateway", "default")["spec"]["ports"]
    (container,) = pod["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    return f"http://{pod['status']['podIP']}:{ports[port['targetPort']]}"


def leave(pool: Installed, pod: dict[str, Any]) -> None:
    """As in a rollout, or a drain of its node."""
    pool.cluster.kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false")


def stored(pool: Installed, job: str, text: str) -> bool:
    """Whether what was told is what was committed."""
    found = pool.s3().get_object(Bucket=BUCKET, Key=f"{NAME}/results/{job}.json")
    return Result.model_validate_json(found["Body"].read()).text == text


def models(doors: str, key: str) -> int:
    """The status with which the list of models is told."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{doors}/v1/models", headers=headers, timeout=30, trust_env=False).status_code


def answer(doors: str, key: str, tokens: int = 8, begun: Callable[[], None] = lambda: None) -> tuple[str, str]:
    """Id and text of a job; the text comes in pieces, by the worker's own stream. `begun` is called with the first."""
    headers, asked = {"Authorization": f"Bearer {key}"}, ASKED | {"max_tokens": tokens}
    pieces: list[str] = []
    ended = False
    with httpx.stream(
        "POST", f"{doors}/v1/completions", json=asked, headers=headers, timeout=SECONDS, trust_env=False
    ) as told:
        assert told.status_code == 200, told.read()
        for line in told.iter_lines():
            ended = line == "data: [DONE]" or ended
            if line.startswith("data: {"):
                said = [each["text"] for each in json.loads(line.removeprefix("data: "))["choices"] if each["text"]]
                if said and not pieces:
                    begun()
                pieces += said
    assert len(pieces) > 1, pieces
    assert ended, "the stream broke off"
    return told.headers["x-laneway-job-id"], "".join(pieces)
