"""Workers leave while jobs flow: every job has one result, at its first attempt. What it took is printed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.cluster.node import NODE
from support.flow import flowing
from support.images.ollama import manifest
from support.installed import BUCKET
from support.leaving import Logs, Row, Stopwatch, Workers, came_again, followed
from support.ollama import GEMMA, SMOLLM, ollama_files
from support.operator import named
from support.pools import pool_with
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.flow import Flow
    from support.installed import Installed

NAME = "flowing"
SERVING = 2
SECONDS = 180.0
TOKENS = 48  # a few seconds
STEADY: dict[str, Any] = {
    "name": "steady",
    "limits": {"timeout": "5m", "maxTokens": 512},
    "scaling": {"minReplicas": SERVING, "maxReplicas": SERVING},
    "placement": {"profiles": ["cpu"]},
    "drainTimeout": "60s",
}


def model(name: str) -> dict[str, Any]:
    return {"name": name, "contextLength": 1024}


def digest(name: str) -> str:
    """As Ollama tells it: of the model's manifest."""
    return f"sha256:{hashlib.sha256((ollama_files()[1] / manifest(name)).read_bytes()).hexdigest()}"


@pytest.fixture(scope="module")
def pool(installed: Installed) -> Iterator[Installed]:
    with installed.cluster.inside():
        versions = {"Status": "Enabled"}
        installed.s3().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versions)
    document = pool_with(model=model(GEMMA), results={"bucket": BUCKET, "prefix": f"{NAME}/"}, lanes=[STEADY])
    installed.cluster.apply(named(document, NAME, "default"))
    eventually(lambda: installed.pool(NAME).get("status", {}).get("lanes"), SECONDS)
    yield installed
    installed.cluster.kubectl("delete", "llmworkerpool", NAME)


@pytest.fixture
def steady(pool: Installed) -> Workers:
    """Two workers that serve."""
    workers = Workers(pool.cluster, NAME, "steady")
    workers.until_ready(SERVING)
    return workers


def tell(what: str, watch: Stopwatch, workers: Workers, logs: Logs, flow: Flow) -> Row:
    """Print the row, once every job is answered."""
    results = flow.results()
    row = Row(
        what,
        watch.seconds,
        jobs=len(flow.sent),
        finished=logs.sum("finished"),
        given_back=logs.sum("given_back"),
        came_again=came_again(workers, logs, flow),
        attempts=sum(len(each.failures) for each in results),
        failed=sum(each.status != "succeeded" for each in results),
    )
    print(f"\n{row}")  # noqa: T201 - the figure is the point
    return row


def assert_drained(logs: Logs) -> None:
    """Their logs say that they drained: each finished or gave back what it held, and no lease was lost."""
    for start, end in logs.drains():
        assert end["finished"] + end["given_back"] >= start["held"]
        assert (end["retried"], end["lost"]) == (0, 0)


def test_another_model_is_rolled_out_under_load(pool: Installed, steady: Workers, tmp_path: Path) -> None:
    old = steady.names()
    with flowing(pool, NAME, "steady", TOKENS, "model") as flow, followed(steady, sorted(old), tmp_path) as logs:
        flow.until_busy(SERVING)
        patch = json.dumps({"spec": {"model": model(SMOLLM)}})
        watch = Stopwatch()
        pool.cluster.kubectl("patch", "llmworkerpool", NAME, "--type=merge", f"--patch={patch}")
        steady.until_replaced(old, SERVING)
        watch.stop()
        flow.until_more(2)
        results = flow.all_answered()
    tell("rollout of another model", watch, steady, logs, flow)
    assert_drained(logs)
    assert logs.sum("given_back") == 0
    assert {(each.model.name, each.model.digest) for each in results} == {
        (each, digest(each)) for each in (GEMMA, SMOLLM)
    }
    assert all(depth.waiting for depth in flow.depths[2:])


@pytest.mark.soak
def test_the_node_is_drained_and_used_again(pool: Installed, steady: Workers, tmp_path: Path) -> None:
    old = steady.names()
    with flowing(pool, NAME, "steady", TOKENS, "node") as flow, followed(steady, sorted(old), tmp_path) as logs:
        flow.until_busy(SERVING)
        watch = Stopwatch()
        pool.cluster.kubectl("drain", NODE, "--delete-emptydir-data", "--ignore-daemonsets", "--timeout=120s")
        assert not old & steady.names()
        pool.cluster.kubectl("uncordon", NODE)
        steady.until_ready(SERVING)
        watch.stop()
        flow.all_answered()
    tell("kubectl drain of the only node, then uncordon", watch, steady, logs, flow)
    assert_drained(logs)
