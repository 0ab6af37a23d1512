"""Laneway as its users have it on a cluster: charts by Helm, a Secret, a bucket, kubectl and the command line."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from support.cluster.cluster import Cluster
from support.cluster.objects import namespace_of
from support.waiting import eventually

if TYPE_CHECKING:
    import subprocess
    from contextlib import AbstractContextManager

ROOT = Path(__file__).parents[3]
CHARTS = ROOT / "charts"
SYSTEM = "laneway-system"
SECRET = "aws-emulator"  # noqa: S105 - a Secret's name
BUCKET = "laneway-demo"
CREDENTIALS = ("--from-literal=AWS_ACCESS_KEY_ID=testing", "--from-literal=AWS_SECRET_ACCESS_KEY=testing")
READY_SECONDS = 120.0


@dataclass(frozen=True)
class GivenCluster(Cluster):
    """The cluster of the environment's KUBECONFIG and AWS_ENDPOINT_URL: kind, or one that `make cluster-up` made."""

    def command(self, *argv: str | Path) -> list[str]:
        """As it stands: this process is in the cluster's network already."""
        return [*map(str, argv)]

    def full_environment(self) -> dict[str, str]:
        """This process's own."""
        return dict(os.environ)

    def inside(self) -> AbstractContextManager[None]:
        """We are."""
        return nullcontext()


def given_cluster() -> GivenCluster:
    """Raises KeyError where a variable is missing."""
    return GivenCluster(Path(os.environ["KUBECONFIG"]), {"AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]}, {}, None)


@dataclass(frozen=True)
class Installed:
    """A cluster with Laneway on it."""

    cluster: Cluster

    def namespace(self, name: str) -> None:
        """A namespace for pools, with the emulator's credentials."""
        self.cluster.apply(namespace_of(name))
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": keys}
        self.cluster.apply(secret, namespace=name)

    def pool(self, name: str, namespace: str = "default") -> dict[str, Any]:
        """The pool as it is now."""
        return self.cluster.get("llmworkerpool", name, namespace)

    def condition(self, pool: str, kind: str = "Ready", namespace: str = "default") -> dict[str, str]:
        """A condition of a pool; empty as long as there is none."""
        body = self.pool(pool, namespace)
        found = [each for each in body.get("status", {}).get("conditions", []) if each["type"] == kind]
        current = [each for each in found if each["observedGeneration"] == body["metadata"]["generation"]]
        return current[0] if current else {}

    def wait_for(
        self,
        pool: str,
        reason: str,
        kind: str = "Ready",
        namespace: str = "default",
        seconds: float = READY_SECONDS,
    ) -> dict[str, str]:
        """The condition once it has this reason."""

        def look() -> dict[str, str]:
            found = self.condition(pool, kind, namespace)
            return found if found.get("reason") == reason else {}

        try:
            return eventually(look, seconds)
        except AssertionError as error:
            last = json.dumps(self.pool(pool, namespace).get("status"), indent=1)
            raise AssertionError(f"{pool} did not become {kind} {reason}: {last}\n{self.operator_log()}") from error

    def replicas(self, deployment: str, namespace: str = "default") -> int:
        """Workers wanted."""
        return int(self.cluster.get("deployment", deployment, namespace)["spec"]["replicas"])

    def operator_log(self) -> str:
        """What the operator said."""
        done = self.cluster.run("kubectl", "logs", f"--namespace={SYSTEM}", "deployment/laneway", check=False)
        return done.stdout[-4000:] + done.stderr

    def laneway(self, *argv: str, pool: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """The command line, connected to a pool."""
        program = Path(sys.executable).parent / "laneway"
        return self.cluster.run(program, *argv, "--pool", pool, text=text, check=False)

    def s3(self) -> Any:
        """A client that works inside `cluster.inside()`."""
        return boto3.client("s3", **self._emulator())

    def sqs(self) -> Any:
        """As above."""
        return boto3.client("sqs", **self._emulator())

    def _emulator(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.cluster.environment["AWS_ENDPOINT_URL"],
            "region_name": "eu-west-1",
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",
        }


def install(cluster: Cluster) -> Installed:
    """Both charts by Helm, as the how-to has it; the operator runs as a pod."""
    installed = Installed(cluster)
    with cluster.inside():
        installed.s3().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    installed.namespace(SYSTEM)
    installed.namespace("default")
    install_charts(cluster)
    return installed


def install_charts(cluster: Cluster) -> None:
    """Until the operator is ready; what else is needed is there."""
    cluster.run("helm", "upgrade", "--install", "laneway-crds", CHARTS / "laneway-crds", f"--namespace={SYSTEM}")
    cluster.run(
        *("helm", "upgrade", "--install", "laneway", CHARTS / "laneway", f"--namespace={SYSTEM}"),
        f"--values={ROOT / 'examples' / 'test-cluster' / 'values.yaml'}",
        "--wait",
        "--timeout=120s",
    )
