"""Workers leave while jobs flow: every job has one result, at its first attempt. What it took is printed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.shared.names import GROUP
from support.cluster.node.node import NODE
from support.images.contents.ollama import manifest
from support.ollama.real import GEMMA, SMOLLM, ollama_files
from support.pods.containers import environment, listening, main_process, mounts, root
from support.pods.flow import flowing, versioned_pool
from support.pods.installed import CHARTS, SYSTEM
from support.pods.leaving import Stopwatch, Workers, assert_drained, evict, followed, tell
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.pods.installed import Installed

NAME = "flowing"
SERVING = 2
SECONDS = 180.0
SHORT, LONG = 48, 160  # tokens: seconds, and longer than the hasty lane's drain
STEADY: dict[str, Any] = {
    "name": "steady",
    "limits": {"timeout": "5m", "maxTokens": 512},
    "scaling": {"minReplicas": SERVING, "maxReplicas": SERVING},
    "placement": {"profiles": ["cpu"]},
    "drainTimeout": "60s",
}
HASTY = STEADY | {"name": "hasty", "scaling": {"maxReplicas": 1, "cooldown": "1m"}, "drainTimeout": "2s"}


def model(name: str) -> dict[str, Any]:
    return {"name": name, "contextLength": 1024}


def digest(name: str) -> str:
    """As Ollama tells it: of the model's manifest."""
    return f"sha256:{hashlib.sha256((ollama_files()[1] / manifest(name)).read_bytes()).hexdigest()}"


@pytest.fixture(scope="module")
def pool(installed: Installed) -> Iterator[Installed]:
    with versioned_pool(installed, NAME, model(GEMMA), [STEADY, HASTY]) as made:
        yield made


@pytest.fixture
def steady(pool: Installed) -> Workers:
    """Two workers that serve."""
    return Workers.serving(pool.cluster, NAME, "steady", SERVING)


def test_another_model_is_rolled_out_under_load(pool: Installed, steady: Workers, tmp_path: Path) -> None:
    old = steady.names()
    with flowing(pool, NAME, "steady", SHORT, "model") as flow, followed(steady, sorted(old), tmp_path) as logs:
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
    assert len(flow.depths) > 2
    assert all(depth.waiting for depth in flow.depths[2:])


@pytest.mark.soak
def test_other_images_are_rolled_out_under_load(pool: Installed, steady: Workers, tmp_path: Path) -> None:
    """The same images by another name: to Kubernetes they are others."""
    assert pool.cluster.runtime
    for name in ("worker", "ollama"):
        pool.cluster.runtime.tag(f"laneway.local/{name}:test", f"laneway.local/{name}:next")
    old = steady.names()
    try:
        with flowing(pool, NAME, "steady", SHORT, "image") as flow, followed(steady, sorted(old), tmp_path) as logs:
            flow.until_busy(SERVING)
            watch = Stopwatch()
            helm = (
                "helm",
                "upgrade",
                "laneway",
                CHARTS / "laneway",
                f"--namespace={SYSTEM}",
                "--reuse-values",
                "--wait",
            )
            pool.cluster.run(
                *helm, "--set=image.worker.tag=next", "--set=engines.ollama-0-32.image=laneway.local/ollama:next"
            )
            serving = steady.until_replaced(old, SERVING)
            watch.stop()
            flow.until_more(2)
            flow.all_answered()
        tell("rollout of other images of worker and Ollama", watch, steady, logs, flow)
        assert_drained(logs)
        assert images(serving) == {"laneway.local/worker:next", "laneway.local/ollama:next"}
    finally:
        pool.cluster.run("helm", "rollback", "laneway", f"--namespace={SYSTEM}", "--wait")
        eventually(
            lambda: images(steady.ready()) == {"laneway.local/worker:test", "laneway.local/ollama:test"}, SECONDS
        )


def images(pods: list[dict[str, Any]]) -> set[str]:
    """By the names that were asked for: containerd tells any name of an image."""
    specs = [each["spec"] for each in pods]
    return {each["image"] for spec in specs for each in (*spec["containers"], *spec["initContainers"])}


@pytest.mark.soak
def test_an_evicted_worker_gives_back_what_it_cannot_finish(pool: Installed, tmp_path: Path) -> None:
    hasty = Workers(pool.cluster, NAME, "hasty")
    with flowing(pool, NAME, "hasty", LONG, "evicted") as flow:
        flow.until_busy(1)
        [victim] = [each["metadata"]["name"] for each in hasty.until_ready(1)]
        with followed(hasty, [victim], tmp_path) as logs:
            watch = Stopwatch()
            evict(pool.cluster, victim)
            hasty.until_replaced({victim}, 1)
            watch.stop()
        flow.all_answered()
    row = tell("eviction of the only pod, drain of 2 s", watch, hasty, logs, flow)
    assert_drained(logs)
    assert row.given_back == 1
    assert row.came_again >= 1


@pytest.mark.soak
def test_the_node_is_drained_and_used_again(pool: Installed, steady: Workers, tmp_path: Path) -> None:
    old = steady.names()
    with flowing(pool, NAME, "steady", SHORT, "node") as flow, followed(steady, sorted(old), tmp_path) as logs:
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


def test_ollama_has_no_identity_and_nothing_but_probes_can_be_reached(steady: Workers) -> None:
    for pod in steady.ready():
        worker, ollama = (main_process(pod, name) for name in ("worker", "ollama"))
        tokens = "/run/secrets/kubernetes.io/serviceaccount"
        token = (root(worker) / tokens[1:] / "token").read_text()
        assert environment(worker)["AWS_ACCESS_KEY_ID"] == "testing"
        assert any(path.endswith(tokens) for path in mounts(worker))

        given = environment(ollama)
        assert [name for name in given if name.startswith("AWS_")] == []
        assert [value for value in given.values() if value in {"testing", token}] == []
        assert [path for path in mounts(ollama) if "secrets" in path or GROUP in path] == []
        assert not (root(ollama) / "run/secrets").exists()
        assert not (root(ollama) / "var/run/secrets").exists()

        loopback, beyond = listening(worker)
        assert listening(ollama) == (loopback, beyond)
        assert 11434 in loopback
        assert beyond == {8080}
