"""A model that comes in an image: mounted by a real kubelet and containerd, served, and told where it is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.result import Result
from support.cluster.node.sandbox import SANDBOX_IMAGE
from support.images.contents.ollama import model_image
from support.images.store import reference
from support.inputs.pools import named, pool_with
from support.ollama.real import GEMMA, SMOLLM
from support.pods.installed import BUCKET
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.pods.installed import Installed

POOL = f"s3://{BUCKET}/imaged"
MODELS = reference("models")
ABSENT = "laneway.local/models:absent"
OTHER_DIGEST = "sha256:" + "1" * 64
LANE = {"scaling": {"maxReplicas": 1, "cooldown": "1m"}, "placement": {"profiles": ["cpu"]}, "drainTimeout": "30s"}


class Imaged:
    """A pool whose models come in an image, and the digest of the one model that is in there."""

    def __init__(self, installed: Installed, digest: str) -> None:
        self.installed, self.digest = installed, digest

    def apply(self, image: str, model: str = GEMMA, digest: str | None = None) -> None:
        named_model = {"name": model, "contextLength": 2048} | ({"digest": digest} if digest else {})
        spec = {
            "model": named_model,
            "modelStore": {"image": {"reference": image}},
            "results": {"s3": {"bucket": BUCKET}},
        }
        document = named(pool_with(lane=LANE, **spec), "imaged", "default")
        self.installed.cluster.kubectl("apply", "--filename=-", text=json.dumps(document))

    def told(self, reason: str) -> str:
        return self.installed.wait_for("imaged", reason, "WorkersAvailable")["message"]

    def pods(self) -> list[dict[str, Any]]:
        return self.installed.cluster.pods("laneway.dev/pool=imaged,laneway.dev/lane")


@pytest.fixture
def pool(installed: Installed, tmp_path: Path) -> Iterator[Imaged]:
    runtime = installed.cluster.runtime
    if runtime is None:
        pytest.skip("the image comes from no registry")
    archive = tmp_path / "archive.tar"
    digest = model_image(archive, MODELS, (GEMMA,))
    runtime.import_image(archive)
    yield Imaged(installed, digest)
    installed.cluster.kubectl("delete", "llmworkerpool", "imaged", "--ignore-not-found")


def test_a_job_waits_through_every_mistake_and_is_answered_from_the_right_image(pool: Imaged) -> None:
    """One job, one pool that is mended step by step. There is no registry: whatever is answered was in the image."""
    pool.apply(ABSENT)
    pool.installed.wait_for("imaged", "ScaledToZero")
    done = pool.installed.laneway("submit", "--id", "rome", "--max-tokens", "4", "The capital of Italy is", pool=POOL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"container ollama: image {ABSENT} can't be pulled" in pool.told("ImagePullFailed")

    pool.apply(SANDBOX_IMAGE)
    eventually(lambda: "is not a model folder of Ollama's" in pool.told("ModelMissing"))
    assert f"the image {SANDBOX_IMAGE} " in pool.told("ModelMissing")

    pool.apply(MODELS, model=SMOLLM)
    eventually(lambda: f"the image {MODELS} has no {SMOLLM}; it holds {GEMMA}" in pool.told("ModelMissing"))

    pool.apply(MODELS, digest=OTHER_DIGEST)
    assert f"to {OTHER_DIGEST}; the image {MODELS} has {pool.digest}" in pool.told("ModelUnusable")
    assert pool.installed.laneway("status", "rome", pool=POOL).stdout.startswith("queued")

    pool.apply(MODELS, digest=pool.digest)
    done = pool.installed.laneway("result", "--wait", "--json", "--timeout", "180", "rome", pool=POOL)
    assert done.returncode == 0, done.stdout + done.stderr + pool.installed.operator_log()
    result = Result.model_validate_json(done.stdout)
    assert (result.status, result.model.name, result.model.digest) == ("succeeded", GEMMA, pool.digest)
    assert result.failures == ()
    for each in pool.pods():
        volumes = {volume["name"]: volume for volume in each["spec"]["volumes"]}
        assert volumes["models"]["image"] == {"reference": MODELS, "pullPolicy": "IfNotPresent"}
