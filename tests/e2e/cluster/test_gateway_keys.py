"""Gateways as pods on a real node, from no keys to keys, to a key that is taken away, to a pool without gateways."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.inputs.pools import named, pool_with
from support.pods.installed import BUCKET
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed

NAME, SECRET = "doors", "doors-keys"
MINE = f"laneway.dev/pool={NAME},app.kubernetes.io/component=gateway"
LANE = {"placement": {"profiles": ["cpu"]}}
SECONDS = 240.0


@pytest.fixture
def pool(installed: Installed) -> Iterator[Installed]:
    spec = {"results": {"s3": {"bucket": BUCKET, "prefix": f"{NAME}/"}}, "gateway": {"keys": {"secretName": SECRET}}}
    installed.cluster.apply(named(pool_with(lane=LANE, **spec), NAME, "default"))
    installed.wait_for(NAME, "ScaledToZero")
    yield installed
    installed.cluster.kubectl("delete", "llmworkerpool", NAME)
    installed.cluster.kubectl("delete", "secret", SECRET, "--ignore-not-found")


@pytest.mark.soak  # minutes, most of them until the kubelet brings a changed Secret
def test_gateways_let_in_whoever_has_a_key_for_as_long_as_it_is_there(pool: Installed) -> None:
    told = pool.wait_for(NAME, "GatewayKeysMissing", "GatewayReady", seconds=SECONDS)
    assert "there is no keys file /etc/laneway-keys/keys.json" in told["message"]
    assert pool.condition(NAME)["status"] == "True"

    program = Path(sys.executable).parent / "laneway"
    key, entry = pool.cluster.run(program, "keys", "new", "team-a").stdout.splitlines()
    keep(pool, [json.loads(entry)])
    pool.cluster.kubectl("delete", "pods", f"--selector={MINE}")
    pool.wait_for(NAME, "GatewayServing", "GatewayReady", seconds=SECONDS)
    doors = address(pool)
    with pool.cluster.inside():
        assert models(doors, "lw-nobodys") == 401
        assert models(doors, key) == 200

    keep(pool, [])
    taken = time.monotonic()
    with pool.cluster.inside():
        eventually(lambda: models(doors, key) == 401, SECONDS)
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


def address(pool: Installed) -> str:
    """Of the doors of one that is ready, as the Service leads there: the test cluster has no kube-proxy."""
    (port,) = pool.cluster.get("service", f"{NAME}-gateway", "default")["spec"]["ports"]
    pod = next(each for each in pool.cluster.pods(MINE) if stays(each))
    (container,) = pod["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    return f"http://{pod['status']['podIP']}:{ports[port['targetPort']]}"


def stays(pod: dict[str, Any]) -> bool:
    ready = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}.get("Ready")
    return ready == "True" and "deletionTimestamp" not in pod["metadata"]


def models(doors: str, key: str) -> int:
    """The status with which the list of models is told."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{doors}/v1/models", headers=headers, timeout=30, trust_env=False).status_code
