"""The charts, and everything else that kind gets, on a real API server; the policy with real tokens."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from chart.rendering import CHART, CRD_CHART, KIND_EXAMPLE, MATRIX, NAMESPACE, RELEASE, ROOT, Helm, Manifest
from support.toolchain.toolbox import PROMETHEUS, toolbox
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from support.cluster.cluster import Cluster

    Worker = Callable[..., CompletedProcess[str]]

OPERATOR = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"
POOLS = "nlp"
ACCOUNT = "laneway-worker-documents"


@pytest.fixture(scope="session")
def installed(api: Cluster) -> Cluster:
    """Both charts, by real Helm; --wait sees a pod that runs in name only."""
    for file in toolbox().files(PROMETHEUS, "crds"):
        if any(kind in file.name for kind in ("podmonitors", "prometheusrules", "servicemonitors")):
            api.apply(file.read_text())
    for release, chart in (("laneway-crds", CRD_CHART), (RELEASE, CHART)):
        api.run(
            *("helm", "upgrade", "--install", release, chart, "-n", NAMESPACE, "--create-namespace", "--wait"),
            "--take-ownership",  # of the CRD that another test may have installed
        )
    for namespace in (POOLS, "law"):
        api.kubectl("create", "namespace", namespace)
    return api


def dry_run(cluster: Cluster, text: str, *argv: str) -> CompletedProcess[str]:
    return cluster.run(
        *("kubectl", "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-", *argv),
        text=text,
        check=False,
    )


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
def test_every_object_is_accepted(installed: Cluster, helm: Helm, values: Manifest) -> None:
    manifests = helm.template(values)
    text = "\n---\n".join(json.dumps(each) for each in manifests)
    done = dry_run(installed, text, "--force-conflicts")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(manifests)


@pytest.mark.parametrize("file", ["localstack.yaml", "pool.yaml"])
def test_what_kind_gets_is_accepted(installed: Cluster, file: str) -> None:
    text = (KIND_EXAMPLE / file).read_text()
    for each in yaml.safe_load_all(text):
        if each["kind"] == "Namespace":
            installed.apply(each)
    done = dry_run(installed, text)
    assert done.returncode == 0, done.stderr


def notes(installed: Cluster, helm: Helm, values: Manifest) -> str:
    """What Helm prints after an installation."""
    file = helm.folder / "values.json"
    file.write_text(json.dumps(values))
    done = installed.run("helm", "install", "again", CHART, "-n", NAMESPACE, "--dry-run=server", f"--values={file}")
    return done.stdout.partition("\nNOTES:\n")[2]


def test_the_notes_say_which_secrets_to_make(installed: Cluster, helm: Helm) -> None:
    text = notes(installed, helm, MATRIX["two secrets"])
    assert f"kubectl --namespace {NAMESPACE} create secret generic operator-aws" in text
    assert "kubectl --namespace POOL_NAMESPACE create secret generic aws-emulator" in text
    assert "KEDA is missing" not in text
    assert "resource is missing" not in text


@pytest.mark.parametrize(
    ("values", "namespace", "profiles"),
    [("defaults", "default", ["cpu"]), ("some namespaces", "nlp", ["cpu"]), ("no profiles", "default", None)],
)
def test_the_pool_of_the_notes_can_be_applied(
    installed: Cluster, helm: Helm, values: str, namespace: str, profiles: list[str] | None
) -> None:
    text = notes(installed, helm, MATRIX[values])
    _, _, rest = text.partition("a model of Ollama's:\n")
    pool, _, after = rest.partition("\n\n")
    document = yaml.safe_load(pool)
    assert document["metadata"]["namespace"] == namespace
    assert document["spec"]["lanes"][0].get("placement", {}).get("profiles") == profiles
    assert f"kubectl --namespace {namespace} get llmworkerpool {document['metadata']['name']}" in after
    done = dry_run(installed, pool.replace("BUCKET", "acme-llm"))
    assert done.returncode == 0, done.stderr


WATCHED = (
    "metrics.podMonitor.enabled",
    "poolMetrics.podMonitor.enabled",
    "prometheusRule.enabled",
    "dashboard.enabled",
)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, WATCHED),
        (MATRIX["pod monitor"], WATCHED[1:]),
        (MATRIX["monitoring"], WATCHED[1:2]),
        ({**MATRIX["monitoring"], **MATRIX["pool metrics"]}, ()),
    ],
    ids=["nothing", "the operator", "all but the pools", "everything"],
)
def test_the_notes_say_what_nobody_watches(
    installed: Cluster, helm: Helm, values: Manifest, told: tuple[str, ...]
) -> None:
    text = notes(installed, helm, values)
    assert tuple(re.findall(r"^  (\S+\.enabled) ", text, re.MULTILINE)) == told
    assert ("4. Have it watched" in text) is bool(told)
    assert "this cluster lacks" not in text, "the Prometheus Operator's resources are here"


def test_the_notes_name_pages_that_are_there(installed: Cluster, helm: Helm) -> None:
    pages = re.findall(r"docs/[\w/.-]+\.md", notes(installed, helm, {}))
    assert len(pages) > 2
    assert [each for each in pages if not (ROOT / each).is_file()] == []


def may(cluster: Cluster, verb: str, resource: str, *argv: str) -> bool:
    kind, _, part = resource.partition("#")
    sub = [f"--subresource={part}"] if part else []
    done = cluster.run("kubectl", "auth", "can-i", verb, kind, *sub, f"--as={OPERATOR}", *argv, check=False)
    return done.stdout.strip() == "yes"


@pytest.mark.parametrize(
    ("verb", "resource", "wanted"),
    [
        ("watch", "llmworkerpools.laneway.dev", True),
        ("patch", "llmworkerpools.laneway.dev#status", True),
        ("patch", "llmworkerpools.laneway.dev", True),
        ("watch", "customresourcedefinitions.apiextensions.k8s.io", True),
        ("patch", "deployments.apps", True),
        ("create", "scaledobjects.keda.sh", True),
        ("delete", "jobs.batch", True),
        ("get", "namespaces/kube-system", True),
        ("list", "namespaces", False),
        ("get", "secrets/aws-emulator", False),
        ("delete", "pods", False),
        ("escalate", "roles.rbac.authorization.k8s.io", False),
        ("bind", "roles.rbac.authorization.k8s.io", False),
    ],
)
def test_what_the_operator_may(installed: Cluster, verb: str, resource: str, *, wanted: bool) -> None:
    assert may(installed, verb, resource, "-n", POOLS) is wanted


def role(resource: str, *verbs: str) -> str:
    rules = [{"apiGroups": [""], "resources": [resource], "verbs": list(verbs)}]
    metadata = {"name": ACCOUNT, "namespace": POOLS}
    return json.dumps(
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": rules}
    )


def test_the_operator_may_give_workers_their_right_and_no_other(installed: Cluster) -> None:
    assert dry_run(installed, role("pods", "patch"), f"--as={OPERATOR}").returncode == 0
    refused = dry_run(installed, role("secrets", "get"), f"--as={OPERATOR}")
    assert "attempting to grant RBAC permissions not currently held" in refused.stderr


def pod(name: str) -> Manifest:
    container = {"name": "worker", "image": "laneway.local/pause:test"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": POOLS, "labels": {"lane": "fast"}, "annotations": {"kept": "yes"}},
        "spec": {"serviceAccountName": ACCOUNT, "containers": [container]},
    }


def worker_of(cluster: Cluster, folder: Path, *bound: str) -> Worker:
    """Kubectl as a worker whose token was issued to a pod, or to none."""
    config: dict[str, Any] = json.loads(cluster.kubeconfig.read_text())
    token = cluster.kubectl("create", "token", ACCOUNT, "-n", POOLS, *bound).strip()
    config["users"][0]["user"] = {"token": token}
    file = folder / "worker.kubeconfig"
    file.write_text(json.dumps(config))
    return lambda *argv: cluster.run("kubectl", *argv, "-n", POOLS, f"--kubeconfig={file}", check=False)


@pytest.fixture(scope="session")
def worker(installed: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Worker:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": POOLS}}
    installed.apply(account, role("pods", "get", "patch"), namespace=POOLS)  # kubectl reads before it writes
    installed.kubectl(
        "create", "rolebinding", ACCOUNT, "-n", POOLS, f"--role={ACCOUNT}", f"--serviceaccount={POOLS}:{ACCOUNT}"
    )
    installed.apply(pod("mine"), pod("other"), namespace=POOLS)
    bound = ("--bound-object-kind=Pod", "--bound-object-name=mine")
    kubectl = worker_of(installed, tmp_path_factory.mktemp("worker"), *bound)
    # A policy takes a moment until the API server knows it.
    eventually(lambda: kubectl("label", "pod", "mine", "a=b", "--dry-run=server").returncode != 0)
    return kubectl


def test_a_worker_changes_its_two_annotations_on_its_own_pod(installed: Cluster, worker: Worker) -> None:
    cost = "controller.kubernetes.io/pod-deletion-cost"
    done = worker("annotate", "pod", "mine", "--overwrite", f"{cost}=7", "laneway.dev/trouble=no model")
    assert done.returncode == 0, done.stderr
    annotations = installed.get("pod", "mine", POOLS)["metadata"]["annotations"]
    assert annotations == {"kept": "yes", cost: "7", "laneway.dev/trouble": "no model"}
    assert worker("annotate", "pod", "mine", "laneway.dev/trouble-", f"{cost}-").returncode == 0


ELSE = "controller.kubernetes.io/pod-deletion-cost and laneway.dev/trouble of its pod, not "
REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "another pod": (
        ("annotate", "pod", "other", "laneway.dev/trouble=x"),
        "this token was issued to pod mine, and the request is for other",
    ),
    "label": (("label", "pod", "mine", "lane=slow", "--overwrite"), ELSE + "its labels"),
    "another annotation": (("annotate", "pod", "mine", "new=x"), ELSE + "other annotations"),
    "a changed annotation": (("annotate", "pod", "mine", "kept=no", "--overwrite"), ELSE + "other annotations"),
    "a removed annotation": (("annotate", "pod", "mine", "kept-"), ELSE + "other annotations"),
    "image": (("set", "image", "pod/mine", "worker=evil"), ELSE + "its spec"),
    "finalizer": (
        ("patch", "pod", "mine", "-p", '{"metadata":{"finalizers":["a.example/b"]}}'),
        ELSE + "its owners or finalizers",
    ),
    "owner": (
        (
            *("patch", "pod", "mine", "-p"),
            '{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"other","uid":"1"}]}}',
        ),
        ELSE + "its owners or finalizers",
    ),
}


@pytest.mark.parametrize(("argv", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_worker_changes_nothing_else(worker: Worker, argv: tuple[str, ...], message: str) -> None:
    done = worker(*argv)
    assert done.returncode != 0
    assert message in done.stderr


@pytest.mark.usefixtures("worker")
def test_a_token_without_a_pod_changes_nothing(installed: Cluster, tmp_path: Path) -> None:
    done = worker_of(installed, tmp_path)("annotate", "pod", "mine", "laneway.dev/trouble=x")
    assert "this token names none: use the token that is mounted in the pod" in done.stderr


@pytest.mark.usefixtures("worker")
def test_the_policy_is_about_workers_only(installed: Cluster) -> None:
    installed.kubectl("label", "pod", "other", "-n", POOLS, "by=an administrator".replace(" ", "-"))


def test_kubernetes_finds_nothing_wrong_with_the_policy_s_types(installed: Cluster) -> None:
    name = f"{RELEASE}.{NAMESPACE}.pod-reports.laneway.dev"
    status = eventually(lambda: installed.get("validatingadmissionpolicy", name).get("status", {}))
    assert status["typeChecking"] == {}


def test_the_resource_outlives_its_release(installed: Cluster) -> None:
    crd = "llmworkerpools.laneway.dev"
    installed.run("helm", "upgrade", "--install", "crds-again", CRD_CHART, "--take-ownership", "-n", NAMESPACE)
    installed.run("helm", "uninstall", "crds-again", "-n", NAMESPACE)
    assert installed.get("customresourcedefinition", crd)["metadata"]["name"] == crd
