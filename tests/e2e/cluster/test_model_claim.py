"""A model on the volume of a claim: mounted by a real kubelet, read-only, served, and told where it is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.result import Result
from support.images.contents.ollama import add_to_folder
from support.inputs.pools import named, pool_with
from support.ollama.real import GEMMA, SMOLLM
from support.pods.installed import BUCKET
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.pods.installed import Installed

POOL = f"s3://{BUCKET}/claimed"
PODS = "laneway.dev/pool=claimed,laneway.dev/lane"
CLAIM = "models"
LANE = {"scaling": {"maxReplicas": 1, "cooldown": "1m"}, "placement": {"profiles": ["cpu"]}, "drainTimeout": "30s"}
SPEC: dict[str, Any] = {
    "model": {"name": GEMMA, "contextLength": 2048},
    "modelStore": {"volumeClaim": {"name": CLAIM}},
    "results": {"s3": {"bucket": BUCKET}},
}
LOOKED_AGAIN_SECONDS = 360.0  # Ollama is started anew every ten seconds on this node; a worker looks once a minute


@pytest.fixture
def node(installed: Installed) -> Iterator[Installed]:
    if installed.cluster.runtime is None:
        pytest.skip("the claim's volume is a folder of this machine")
    yield installed
    kubectl = installed.cluster.kubectl
    kubectl("delete", "llmworkerpool", "claimed", "--ignore-not-found")
    eventually(lambda: not installed.cluster.pods(PODS), LOOKED_AGAIN_SECONDS)
    for kind in ("persistentvolumeclaim", "persistentvolume"):
        kubectl("delete", kind, CLAIM, "--ignore-not-found")


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the node, which everybody may read."""
    made = tmp_path_factory.mktemp("volume")
    for each in (made, *made.parents[:2]):
        each.chmod(0o755)
    return made


def volume(folder: Path) -> list[dict[str, Any]]:
    """As an administrator makes them: a volume of the node, and the claim that has it."""
    size = {"storage": "10Gi"}
    bound = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    held = {"capacity": size, "hostPath": {"path": str(folder), "type": "Directory"}}
    asked = {"resources": {"requests": size}, "volumeName": CLAIM}
    return [
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": CLAIM}, "spec": {**bound, **held}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": CLAIM}, "spec": {**bound, **asked}},
    ]


def test_a_job_waits_through_every_mistake_and_is_answered_from_the_claim(node: Installed, folder: Path) -> None:
    """One job, and a volume that is mended step by step; the pool isn't touched. There is no registry."""

    def told(reason: str) -> str:
        return node.wait_for("claimed", reason, "WorkersAvailable", seconds=LOOKED_AGAIN_SECONDS)["message"]

    document = named(pool_with(lane=LANE, **SPEC), "claimed", "default")
    node.cluster.kubectl("apply", "--filename=-", text=json.dumps(document))
    node.wait_for("claimed", "ScaledToZero")
    done = node.laneway("submit", "--id", "rome", "--max-tokens", "4", "The capital of Italy is", pool=POOL)
    assert done.returncode == 0, done.stdout + done.stderr
    words = told("VolumeClaimMissing")
    assert f'persistentvolumeclaim "{CLAIM}" not found' in words
    assert "Make the PersistentVolumeClaim in the pool's namespace" in words

    node.cluster.apply(*volume(folder))
    assert f"the volume claim {CLAIM} is not a model folder of Ollama's" in told("ModelMissing")

    add_to_folder(folder, SMOLLM)
    holds = f"the volume claim {CLAIM} has no {GEMMA}; it holds {SMOLLM}. Put the model"
    eventually(lambda: holds in told("ModelMissing"), LOOKED_AGAIN_SECONDS)

    digest = add_to_folder(folder, GEMMA)
    done = node.laneway("result", "--wait", "--json", "--timeout", "180", "rome", pool=POOL)
    assert done.returncode == 0, done.stdout + done.stderr + node.operator_log()
    result = Result.model_validate_json(done.stdout)
    assert (result.status, result.model.name, result.model.digest) == ("succeeded", GEMMA, digest)
    assert result.failures == ()

    served = [{"modelDigest": digest, "engineImage": "laneway.local/ollama:test"}]
    eventually(lambda: node.pool("claimed")["status"]["lanes"][0].get("serving") == served)

    (pod,) = node.cluster.pods(PODS)
    tried = node.cluster.run(
        "kubectl", "exec", pod["metadata"]["name"], "--container=ollama", "--", "touch", "/models/mine", check=False
    )
    assert "Read-only file system" in tried.stderr
