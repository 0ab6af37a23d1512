"""An operator of some namespaces, with the chart's rights and no others: a tenant that goes takes nobody with it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest
import urllib3
import yaml

from chart.rendering import NAMESPACE, RELEASE, Helm, tool
from laneway.schema.shared.names import OWNER_TAG
from laneway_operator.watch.watches import REFUSED_SECONDS
from support.aws.moto import aws_credentials
from support.cluster.cluster import REGION
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.operator.process import Operated, Place, Running

RIGHTS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
POLICIES = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
PATIENCE_SECONDS = REFUSED_SECONDS + 60.0
TAKEN_ALONG = {"queue": {"managed": {"deletionPolicy": "Delete"}}}


@dataclass(frozen=True)
class Tenants:
    """Two namespaces, and the account of an operator that serves them."""

    operated: Operated
    stays: Place
    goes: Place
    kubeconfig: Path

    def start(self) -> Running:
        """With the chart's rights."""
        return self.operated.start(
            kubeconfig=self.kubeconfig,
            namespaces=(self.stays.namespace, self.goes.namespace),
            gateways=False,
            lease=f"{NAMESPACE}/{RELEASE}",
        )

    def lose(self) -> None:
        """As the controller of namespaces may do first of all."""
        self.goes.kubectl("delete", "rolebinding", f"{RELEASE}-pools")


@pytest.fixture
def tenants(operated: Operated, tmp_path: Path) -> Iterator[Tenants]:
    cluster = operated.cluster
    stays, goes = operated.place(), operated.place()
    values = {
        "watch": {"namespaces": [stays.namespace, goes.namespace], "clusterID": "blue"},
        "emulator": {"endpoint": cluster.environment["AWS_ENDPOINT_URL"]},
    }
    cluster.run("kubectl", "create", "namespace", NAMESPACE, check=False)
    made = [each for each in Helm(tool("helm"), tmp_path).template(values) if each["kind"] in (*RIGHTS, *POLICIES)]
    cluster.apply(*made)
    account = yaml.safe_load(cluster.kubeconfig.read_text())
    token = cluster.kubectl("create", "token", RELEASE, f"--namespace={NAMESPACE}").strip()
    for each in account["users"]:
        each["user"] = {"token": token}
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(account))
    yield Tenants(operated, stays, goes, file)
    operated.start()
    operated.clear()


def queues(tenants: Tenants) -> list[str]:
    """Those of the pool that goes: each says in its tags whose it is."""
    with aws_credentials():
        endpoint = tenants.operated.cluster.environment["AWS_ENDPOINT_URL"]
        sqs = boto3.client("sqs", endpoint_url=endpoint, region_name=REGION)
        urls = sqs.list_queues().get("QueueUrls", [])
        owner = f"blue/{tenants.goes.namespace}/"
        return [url for url in urls if sqs.list_queue_tags(QueueUrl=url)["Tags"].get(OWNER_TAG, "").startswith(owner)]


def ready(running: Running) -> tuple[int, str]:
    answer = urllib3.request("GET", f"{running.address}/readyz")
    return answer.status, answer.data.decode()


def test_a_tenant_whose_role_is_gone_holds_up_no_other_and_counts_as_empty_after_a_minute(tenants: Tenants) -> None:
    tenants.lose()
    running = tenants.start()
    tenants.stays.apply()
    assert tenants.stays.until("ScaledToZero").startswith("True")
    status, words = ready(running)
    assert (status, "not ready: not listed yet: " in words) == (503, True), "it was served within that minute"
    eventually(lambda: ready(running)[0] == 200, PATIENCE_SECONDS)
    refused = f"/apis/apps/v1/namespaces/{tenants.goes.namespace}/deployments"
    assert f'laneway_operator_list_refused_seconds{{path="{refused}"}}' in running.metrics()
    said = re.compile(rf"GET /\S+/namespaces/{tenants.goes.namespace}/\S+ has been refused for a minute with 403")
    eventually(lambda: said.search(tenants.operated.operator_log()), PATIENCE_SECONDS)  # for each kind; this is its end


@pytest.mark.parametrize("running", [True, False], ids=["running", "started anew"])
def test_a_namespace_goes_with_a_pool_that_takes_its_queues_along(tenants: Tenants, *, running: bool) -> None:
    tenants.start()
    tenants.goes.apply(lane=TAKEN_ALONG)
    assert tenants.goes.until("ScaledToZero").startswith("True")
    assert queues(tenants)
    if not running:
        tenants.operated.stop()
    tenants.lose()
    tenants.operated.cluster.kubectl("delete", "namespace", tenants.goes.namespace, "--wait=false")
    if not running:
        tenants.start()
    eventually(lambda: not tenants.operated.cluster.get("namespace", tenants.goes.namespace), PATIENCE_SECONDS)
    assert queues(tenants) == []
