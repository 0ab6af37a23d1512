"""What a person sees of a pool in trouble, on a real node; what mends it; and that other pools go on."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from laneway.schema.job.result import Result
from support.inputs.pools import named, pool_with
from support.pods.installed import BUCKET, CHARTS, CREDENTIALS, SECRET, SYSTEM
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed

SMALL = {"name": "gemma3:270m", "contextLength": 2048}
LANE = {"scaling": {"maxReplicas": 1, "cooldown": "1m"}, "placement": {"profiles": ["cpu"]}, "drainTimeout": "30s"}
HELM = ("helm", "upgrade", "laneway", CHARTS / "laneway", f"--namespace={SYSTEM}", "--reuse-values", "--wait")


class Pools:
    """The pools of one namespace."""

    def __init__(self, installed: Installed, namespace: str) -> None:
        self.installed, self.namespace = installed, namespace

    def apply(self, name: str, lane: dict[str, Any] | None = None, **spec: Any) -> None:
        results = {"s3": {"bucket": BUCKET, "prefix": f"{self.namespace}/{name}/"}}
        document = pool_with(lane=LANE | (lane or {}), **{"model": SMALL, "results": results, **spec})
        self.kubectl("apply", "--filename=-", text=json.dumps(named(document, name, self.namespace)))

    def until(self, name: str, reason: str, kind: str = "Ready") -> str:
        """What `kubectl describe` says, once the condition has this reason."""
        self.installed.wait_for(name, reason, kind, self.namespace)
        return self.kubectl("describe", "lwp", name)

    def row(self, name: str) -> list[str]:
        """READY and REASON of `kubectl get lwp`."""
        return self.kubectl("get", "lwp", name, "--no-headers").split()[1:3]

    def kubectl(self, *argv: str, text: str | None = None) -> str:
        return self.installed.cluster.kubectl(*argv, "--namespace", self.namespace, text=text)


@contextmanager
def pools_in(installed: Installed, namespace: str) -> Iterator[Pools]:
    """Gone at the end, the namespace too."""
    try:
        yield Pools(installed, namespace)
    finally:
        installed.cluster.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture(scope="module")
def healthy(installed: Installed) -> Iterator[Pools]:
    """A pool that has no trouble."""
    installed.namespace("healthy")
    with pools_in(installed, "healthy") as pools:
        pools.apply("documents")
        pools.until("documents", "ScaledToZero")
        yield pools


def test_a_pool_that_the_crd_refuses_is_told_what_to_change(installed: Installed) -> None:
    refused: dict[str, dict[str, Any]] = {
        'lanes[0].queue: Invalid value: "object": give exactly one of managed and external': {"lane": {"queue": {}}},
        'unknown field "spec.lanes[0].paralel"': {"lane": {"paralel": 2}},
        "should be a bucket's name without s3://: 3 to 63 small letters, digits, dots and dashes, such as acme-llm": {
            "results": {"s3": {"bucket": "Acme"}}
        },
    }
    for words, fields in refused.items():
        text = json.dumps(named(pool_with(**fields), "refused", "default"))
        done = installed.cluster.run("kubectl", "apply", "--filename=-", text=text, check=False)
        assert done.returncode != 0
        assert words in done.stderr
    assert installed.pool("refused") == {}


def test_a_namespace_without_the_secret_is_told_how_to_have_it(installed: Installed, healthy: Pools) -> None:
    installed.cluster.kubectl("create", "namespace", "keyless")
    with pools_in(installed, "keyless") as pools:
        pools.apply("documents")
        described = pools.until("documents", "SecretMissing")
        make = f"kubectl create secret generic {SECRET} --namespace keyless --from-literal=AWS_ACCESS_KEY_ID=… --from"
        assert f"namespace keyless has no Secret {SECRET}: {make}" in described
        assert "Create the Secret in the pool's namespace" in described
        assert pools.row("documents") == ["False", "SecretMissing"]
        assert healthy.row("documents") == ["True", "ScaledToZero"]
        with timed("a Secret that was missing is used"):
            pools.kubectl("create", "secret", "generic", SECRET, *CREDENTIALS)
            pools.until("documents", "ScaledToZero")


def test_a_bucket_that_is_not_there_is_named_and_looked_for_again(installed: Installed, healthy: Pools) -> None:
    installed.namespace("bucketless")
    bucket = f"late-{uuid4().hex}"
    with pools_in(installed, "bucketless") as pools:
        pools.apply("documents", results={"s3": {"bucket": bucket}})
        words = f"preflight: the bucket {bucket} is not there. Make the bucket, or correct its name"
        eventually(lambda: words in pools.until("documents", "BucketMissing", "AccessVerified"))
        eventually(lambda: pools.row("documents") == ["False", "BucketMissing"])
        assert healthy.row("documents") == ["True", "ScaledToZero"]
        with installed.cluster.inside():
            location = {"LocationConstraint": "eu-west-1"}
            installed.s3().create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
        with timed("a bucket that was missing is used"):
            pools.until("documents", "ScaledToZero")


def test_a_model_that_cannot_be_had_is_told_and_its_jobs_wait_for_another(installed: Installed, healthy: Pools) -> None:
    installed.namespace("modelless")
    with pools_in(installed, "modelless") as pools:
        pools.apply("documents", model={"name": "nosuch:1b", "contextLength": 2048})
        pools.until("documents", "ScaledToZero")
        with timed("a model that can't be had is told"):
            url = f"s3://{BUCKET}/modelless/documents"
            sent = installed.laneway("submit", "--id", "rome", "--max-tokens", "8", "The capital of Italy is", pool=url)
            assert sent.returncode == 0, sent.stdout + sent.stderr
            described = pools.until("documents", "ModelPullFailed")
        assert "Ollama can't pull nosuch:1b: pull model manifest" in described
        assert "Check the model's name, and that its registry can be reached from the node." in described
        assert pools.row("documents") == ["False", "ModelPullFailed"]
        assert healthy.row("documents") == ["True", "ScaledToZero"]
        assert installed.laneway("status", "rome", pool=url).stdout.startswith("queued")

        with timed("the same job is answered by another model"):
            pools.apply("documents")
            done = installed.laneway("result", "--wait", "--json", "--timeout", "120", "rome", pool=url)
        assert done.returncode == 0, done.stdout + done.stderr + installed.operator_log()
        result = Result.model_validate_json(done.stdout)
        assert (result.status, result.model.name, result.failures) == ("succeeded", "gemma3:270m", ())


def test_an_image_that_cannot_be_pulled_is_named_and_rolled_back(installed: Installed, healthy: Pools) -> None:
    before = urls(installed)
    try:
        installed.cluster.run(*HELM, "--set=image.worker.tag=nope")
        with timed("an image that can't be pulled is told"):
            described = healthy.until("documents", "ImagePullFailed")
        assert "preflight: container preflight: image laneway.local/worker:nope can't be pulled" in described
        assert "Check the image's name and the pull secret, in the operator's Helm values or the pool." in described
        assert healthy.row("documents") == ["False", "ImagePullFailed"]
    finally:
        installed.cluster.run("helm", "rollback", "laneway", f"--namespace={SYSTEM}", "--wait")
    with timed("after the rollback the pool is ready"):
        healthy.until("documents", "ScaledToZero")
    assert urls(installed) == before


def urls(installed: Installed) -> list[tuple[str, str]]:
    lanes = installed.pool("documents", "healthy")["status"]["lanes"]
    return [(each["queueURL"], each["deadLetterQueueURL"]) for each in lanes]


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Prints how long it took."""
    began = time.monotonic()
    yield
    print(f"{what} after {time.monotonic() - began:.1f} s")  # noqa: T201 - the figure is the point
