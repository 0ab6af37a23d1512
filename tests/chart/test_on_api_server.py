"""The charts, and everything else that kind gets, on a real API server; the policy with real tokens."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from chart.installing import POOLS, dry_run
from chart.rendering import CHART, CRD_CHART, KIND_EXAMPLE, MATRIX, NAMESPACE, RELEASE, ROOT, Helm, Manifest
from laneway.schema.shared.yaml_text import write_yaml
from laneway_operator.render import render
from support.golden import TRUSTED, cases
from support.inputs.pools import pool_with
from support.operator.in_memory import GATED
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from support.cluster.cluster import Cluster

    Worker = Callable[..., CompletedProcess[str]]

OPERATOR = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"
ACCOUNT = "laneway-worker-letters"
"""Of no pool that is rendered: what a test makes lacks the operator's label, and the operator may not touch it."""


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


def test_the_ingress_before_a_gateway_is_accepted(installed: Cluster) -> None:
    done = dry_run(installed, (ROOT / "examples" / "eks" / "gateway-ingress.yaml").read_text())
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
    [("gpu", "default", ["g5"]), ("some namespaces", "nlp", None), ("defaults", "default", None)],
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
    "grafanaDashboard.enabled",
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


def test_the_notes_say_how_to_open_the_dashboard_where_there_is_one(installed: Cluster, helm: Helm) -> None:
    command = f"kubectl --namespace {NAMESPACE} port-forward service/again-dashboard 11436:80\n"
    assert command in notes(installed, helm, MATRIX["dashboard"])
    assert "port-forward" not in notes(installed, helm, {})


def test_the_notes_name_pages_that_are_there(installed: Cluster, helm: Helm) -> None:
    pages = re.findall(r"docs/[\w/.-]+\.md", notes(installed, helm, MATRIX["dashboard"]))
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
        ("watch", "placementprofiles.laneway.dev", True),
        ("patch", "placementprofiles.laneway.dev#status", True),
        ("patch", "placementprofiles.laneway.dev", False),
        ("create", "placementprofiles.laneway.dev", False),
        ("watch", "customresourcedefinitions.apiextensions.k8s.io", True),
        ("patch", "deployments.apps", True),
        ("create", "scaledobjects.keda.sh", True),
        ("delete", "jobs.batch", True),
        ("create", "services", True),
        ("patch", "poddisruptionbudgets.policy", True),
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


OWNER = {
    "apiVersion": "laneway.dev/v1alpha1",
    "kind": "LLMWorkerPool",
    "name": "documents",
    "uid": "5f0f6a3e-0000-4000-8000-000000000001",
    "controller": True,
}
OURS = {"labels": {"app.kubernetes.io/managed-by": "laneway"}, "ownerReferences": [OWNER]}


def role(resource: str, *verbs: str, **metadata: Any) -> str:
    rules = [{"apiGroups": [""], "resources": [resource], "verbs": list(verbs)}]
    metadata = {"name": ACCOUNT, "namespace": POOLS, **metadata}
    return json.dumps(
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": rules}
    )


def test_the_operator_may_give_workers_their_right_and_no_other(installed: Cluster) -> None:
    made = {"name": "laneway-worker-documents", **OURS}
    done = dry_run(installed, role("pods", "patch", **made), f"--as={OPERATOR}")
    assert done.returncode == 0, done.stderr
    refused = dry_run(installed, role("secrets", "get", **made), f"--as={OPERATOR}")
    assert "attempting to grant RBAC permissions not currently held" in refused.stderr


@pytest.fixture(scope="session")
def bound(installed: Cluster) -> Cluster:
    """Policies take a moment until the API server knows them. Somebody's ConfigMap, pod and pool are there."""
    installed.apply(config_map({}, "somebodys"), pod_of_somebody(), pool(), namespace=POOLS)
    eventually(lambda: dry_run(installed, json.dumps(config_map({})), f"--as={OPERATOR}").returncode != 0)
    return installed


def config_map(metadata: Manifest, name: str = "made") -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": POOLS, **metadata}}


def pod_of_somebody() -> Manifest:
    found = pod("somebodys")
    del found["spec"]["serviceAccountName"]
    return found


def pool() -> Manifest:
    return pool_with() | {"metadata": {"name": "bound", "namespace": POOLS}}


def apply_as_operator(cluster: Cluster, case: str) -> CompletedProcess[str]:
    """But for RoleBindings: a dry run leaves out the Role that they need."""
    made = [each for each in render(cases()[case]) if each["kind"] != "RoleBinding"]
    return dry_run(cluster, write_yaml(made), f"--as={OPERATOR}", "--force-conflicts")


EMULATED = [case for case in cases() if "emulator" in case]


@pytest.mark.parametrize("case", [case for case in cases() if case not in EMULATED])
def test_everything_that_is_rendered_may_be_applied_by_the_operator(bound: Cluster, case: str) -> None:
    done = apply_as_operator(bound, case)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("case", EMULATED)
def test_an_emulators_secret_is_read_only_where_the_chart_names_it(bound: Cluster, case: str) -> None:
    """Where it does, pods run with it: tests/e2e/cluster."""
    done = apply_as_operator(bound, case)
    assert done.returncode != 0
    assert "but an emulator's" in done.stderr


@pytest.mark.usefixtures("worker")
def test_a_role_that_is_there_may_be_bound_by_the_operator(bound: Cluster) -> None:
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "made", "namespace": POOLS, **OURS},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": ACCOUNT},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": POOLS}],
    }
    done = dry_run(bound, json.dumps(binding), f"--as={OPERATOR}")
    assert done.returncode == 0, done.stderr


def workload(kind: str = "Deployment", container: Manifest | None = None, **spec: Any) -> Manifest:
    """One that the operator may make, but for what is given."""
    safe = {"allowPrivilegeEscalation": False}
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True},
            "containers": [{"name": "a", "image": "a", "securityContext": safe, **(container or {})}],
            "restartPolicy": "Always" if kind == "Deployment" else "Never",
            **spec,
        },
    }
    selector = {"selector": {"matchLabels": {"a": "b"}}} if kind == "Deployment" else {}
    return {
        "apiVersion": "apps/v1" if kind == "Deployment" else "batch/v1",
        "kind": kind,
        "metadata": {"name": "made", "namespace": POOLS, **OURS},
        "spec": {"template": template, **selector},
    }


def reading(given: Manifest) -> Manifest:
    """A container that reads something."""
    return {"securityContext": {"allowPrivilegeEscalation": False}, **given}


def secret_variable(name: str) -> Manifest:
    """A variable of a container from this Secret."""
    return {"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": "k"}}}


def trigger_authentication(**spec: Any) -> Manifest:
    """What KEDA may read."""
    metadata = {"name": "made", "namespace": POOLS, **OURS}
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "TriggerAuthentication", "metadata": metadata, "spec": spec}


def scaled_object(*triggers: Manifest) -> Manifest:
    """What KEDA asks."""
    metadata = {"name": "made", "namespace": POOLS, **OURS}
    spec = {"scaleTargetRef": {"name": "made"}, "triggers": list(triggers)}
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata, "spec": spec}


def gateways(container: Manifest | None = None, **spec: Any) -> Manifest:
    """Those that the operator makes, but for what is given."""
    (made,) = (
        each
        for each in render(cases()["gateway"])
        if each["metadata"]["name"].endswith("-for-all-lanes") and each["kind"] == "Deployment"
    )
    made["metadata"] |= {"name": "made", "namespace": POOLS}
    pod = made["spec"]["template"]["spec"]
    pod["containers"][0] |= container or {}
    return made | {"spec": made["spec"] | {"template": made["spec"]["template"] | {"spec": pod | spec}}}


def gateway_volumes(*more: Manifest) -> list[Manifest]:
    """Theirs, and more."""
    return [*gateways()["spec"]["template"]["spec"]["volumes"], *more]


def gateway_variables(**more: str) -> list[Manifest]:
    """Theirs, and more."""
    (container,) = gateways()["spec"]["template"]["spec"]["containers"]
    return [*container["env"], *({"name": name, "value": value} for name, value in more.items())]


def trust_volume(**given: Any) -> Manifest:
    """Where the chart's authorities are, but for what is given."""
    named = {"name": TRUSTED.config_map_name, "items": [{"key": TRUSTED.key, "path": "ca.pem"}]}
    return {"name": "trust", "configMap": named | given}


def trust_mounts() -> Manifest:
    """The gateways' mounts, and that of authorities."""
    (container,) = gateways()["spec"]["template"]["spec"]["containers"]
    trust = {"name": "trust", "mountPath": "/etc/laneway-trust", "readOnly": True}
    return {"volumeMounts": [*container["volumeMounts"], trust]}


def projector(container: Manifest | None = None, **spec: Any) -> Manifest:
    """The one that the operator makes, but for what is given."""
    (made,) = (
        each
        for each in render(cases()["table"])
        if each["metadata"]["name"].endswith("-of-all-lanes")
        and each["kind"] == "Deployment"
        and "projector" in each["metadata"]["name"]
    )
    made["metadata"] |= {"name": "made", "namespace": POOLS}
    pod = made["spec"]["template"]["spec"]
    pod["containers"][0] |= container or {}
    return made | {"spec": made["spec"] | {"template": made["spec"]["template"] | {"spec": pod | spec}}}


def service(**spec: Any) -> Manifest:
    """The gateways', but for what is given."""
    (made,) = (each for each in render(cases()["gateway"]) if each["kind"] == "Service")
    return made | {"metadata": made["metadata"] | {"name": "made", "namespace": POOLS}, "spec": made["spec"] | spec}


def running(command: str) -> Manifest:
    """A probe, or a hook, that runs something."""
    return {"exec": {"command": ["sh", "-c", command]}}


CONTAINER = {"name": "b", "image": "b", "securityContext": {"allowPrivilegeEscalation": False}}
READ_ONLY_CLAIM = {"name": "v", "persistentVolumeClaim": {"claimName": "a", "readOnly": True}}
SHOWS = "cat /etc/laneway-keys/keys.json; exit 1"
AS_IT_IS = "of a gateway's or a projector's image as it is"
CLUSTER_IP = "makes Services of type ClusterIP only"
OTHER_OWNER = {**OURS, "ownerReferences": [{**OWNER, "apiVersion": "apps/v1", "kind": "Deployment"}]}
TOKEN = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
LABEL = "what has its label"
CONTROLS = "what an LLMWorkerPool controls"
NO_SECRETS = "no pods that read Secrets"
DENIED: dict[str, tuple[Manifest, str]] = {
    "no label": (config_map({**OURS, "labels": {}}), LABEL),
    "another's label": (config_map({**OURS, "labels": {"app.kubernetes.io/managed-by": "Helm"}}), LABEL),
    "no owner": (config_map({**OURS, "ownerReferences": []}), CONTROLS),
    "no controller": (config_map({**OURS, "ownerReferences": [{**OWNER, "controller": False}]}), CONTROLS),
    "another owner": (config_map(OTHER_OWNER), CONTROLS),
    "somebody's object": (config_map(OURS, "somebodys"), LABEL),
    "the node's network": (workload(hostNetwork=True), "in a namespace of their node's"),
    "the node's processes": (workload(hostPID=True), "in a namespace of their node's"),
    "the node's files": (workload(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), "with these volumes only"),
    "a secret": (workload(volumes=[{"name": "v", "secret": {"secretName": "a"}}]), AS_IT_IS),
    "a secret of a job": (workload("Job", volumes=[{"name": "v", "secret": {"secretName": "a"}}]), AS_IT_IS),
    "a secret for another image": (gateways({"image": "evil:1"}), AS_IT_IS),
    "a secret for a command": (gateways({"command": ["sh", "-c", SHOWS]}), AS_IT_IS),
    "a secret for an argument": (gateways({"args": ["--show"]}), AS_IT_IS),
    "a secret for a probe": (gateways({"livenessProbe": running(SHOWS)}), AS_IT_IS),
    "a secret for a probe at the start": (gateways({"startupProbe": running(SHOWS)}), AS_IT_IS),
    "a secret for a hook": (gateways({"lifecycle": {"preStop": running(SHOWS)}}), AS_IT_IS),
    "a secret for code that is loaded": (gateways({"env": gateway_variables(PYTHONPATH="/tmp")}), AS_IT_IS),  # noqa: S108 - never made
    "a secret for a profile of AWS": (gateways({"env": gateway_variables(AWS_CONFIG_FILE="/tmp/a")}), AS_IT_IS),  # noqa: S108 - as above
    "a secret through another proxy": (gateways({"env": gateway_variables(HTTPS_PROXY="http://evil:1")}), AS_IT_IS),
    "a secret for variables of a ConfigMap": (gateways({"envFrom": [{"configMapRef": {"name": "a"}}]}), AS_IT_IS),
    "a secret where code is": (
        gateways({"volumeMounts": [{"name": "keys", "mountPath": "/opt/laneway"}]}),
        AS_IT_IS,
    ),
    "a secret beside a ConfigMap": (
        gateways(volumes=gateway_volumes({"name": "c", "configMap": {"name": "a"}})),
        AS_IT_IS,
    ),
    "a secret for a second container": (
        gateways(containers=[*gateways()["spec"]["template"]["spec"]["containers"], CONTAINER]),
        AS_IT_IS,
    ),
    "a secret for a helper that runs before": (gateways(initContainers=[CONTAINER]), AS_IT_IS),
    "a secret through other authorities": (
        gateways({"env": gateway_variables(AWS_CA_BUNDLE="/tmp/ca.pem")}),  # noqa: S108 - never made
        AS_IT_IS,
    ),
    "a secret beside authorities of another ConfigMap": (
        gateways(trust_mounts(), volumes=gateway_volumes(trust_volume(name="somebodys"))),
        AS_IT_IS,
    ),
    "a secret beside another part of that ConfigMap": (
        gateways(
            trust_mounts(), volumes=gateway_volumes(trust_volume(items=[{"key": "another.pem", "path": "ca.pem"}]))
        ),
        AS_IT_IS,
    ),
    "a secret where authorities should be": (
        gateways({"volumeMounts": [{"name": "keys", "mountPath": "/etc/laneway-trust"}]}),
        AS_IT_IS,
    ),
    "a table's secret through other authorities": (
        projector({"env": [{"name": "SSL_CERT_FILE", "value": "/etc/laneway/ca.pem"}]}),
        AS_IT_IS,
    ),
    "a table's secret beside authorities of another ConfigMap": (
        projector(
            {"volumeMounts": [{"name": "trust", "mountPath": "/etc/laneway-trust"}]},
            volumes=[*projector()["spec"]["template"]["spec"]["volumes"], trust_volume(name="somebodys")],
        ),
        AS_IT_IS,
    ),
    "a table's secret for another image": (
        projector({"image": GATED.gateways.image if GATED.gateways else ""}),
        AS_IT_IS,
    ),
    "a table's secret for a command": (projector({"command": ["cat"]}), AS_IT_IS),
    "a table's secret for another argument": (projector({"args": ["--config", "/etc/laneway-table/url"]}), AS_IT_IS),
    "a table's secret for a hook": (projector({"lifecycle": {"preStop": running(SHOWS)}}), AS_IT_IS),
    "a table's secret for code that is loaded": (
        projector({"env": [{"name": "PYTHONPATH", "value": "/etc/laneway"}]}),
        AS_IT_IS,
    ),
    "a table's secret through another proxy": (
        projector({"env": [{"name": "HTTPS_PROXY", "value": "http://evil:1"}]}),
        AS_IT_IS,
    ),
    "a table's secret where code is": (
        projector({"volumeMounts": [{"name": "url", "mountPath": "/opt/laneway"}]}),
        AS_IT_IS,
    ),
    "a table's secret beside a claim": (
        projector(volumes=[*projector()["spec"]["template"]["spec"]["volumes"], READ_ONLY_CLAIM]),
        AS_IT_IS,
    ),
    "a load balancer": (service(type="LoadBalancer"), CLUSTER_IP),
    "a port of every node": (service(type="NodePort"), CLUSTER_IP),
    "an address of somebody's": (service(externalIPs=["203.0.113.7"]), CLUSTER_IP),
    "a name of somebody's": (service(selector={"app": "somebodys"}), CLUSTER_IP),
    "a claim that may be written": (
        workload(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "a"}}]),
        "with these volumes only",
    ),
    "a job with the node's files": (
        workload("Job", volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
        "with these volumes only",
    ),
    "privileged": (workload(container={"securityContext": {"privileged": True}}), "that are root or privileged"),
    "may become root": (workload(container={"securityContext": {}}), "that are root or privileged"),
    "root": (workload(securityContext={}), "that are root or privileged"),
    "capabilities": (
        workload(
            container={"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"add": ["SYS_ADMIN"]}}}
        ),
        "that are root or privileged",
    ),
    "a privileged helper": (
        workload(initContainers=[{"name": "b", "image": "b", "securityContext": {"privileged": True}}]),
        "that are root or privileged",
    ),
    "a secret among what is projected": (
        workload(volumes=[{"name": "v", "projected": {"sources": [{"secret": {"name": "a"}}]}}]),
        NO_SECRETS,
    ),
    "a secret as a variable": (workload(container=reading({"env": [secret_variable("a")]})), NO_SECRETS),
    "a secret as variables": (
        workload(container=reading({"envFrom": [{"secretRef": {"name": "a"}}]})),
        NO_SECRETS,
    ),
    "a secret for a helper": (
        workload(initContainers=[reading({"name": "b", "image": "b", "env": [secret_variable("a")]})]),
        NO_SECRETS,
    ),
    "a secret for KEDA": (
        trigger_authentication(secretTargetRef=[{"parameter": "p", "name": "a", "key": "k"}]),
        "lets KEDA read no Secret",
    ),
    "a vault for KEDA": (
        trigger_authentication(awsSecretManager={"secrets": [{"parameter": "p", "name": "a"}]}),
        "lets KEDA read no Secret",
    ),
    "a trigger that asks anybody": (
        scaled_object(
            {"type": "metrics-api", "metadata": {"url": "http://a", "valueLocation": "a", "targetValue": "1"}}
        ),
        "makes these triggers only",
    ),
    "another account's token": (
        workload(serviceAccountName="admin", automountServiceAccountToken=True),
        "to accounts whose names begin with",
    ),
    "another account's token by hand": (
        workload(serviceAccountName="admin", volumes=[TOKEN]),
        "to accounts whose names begin with",
    ),
    "another pool": ({**pool(), "spec": pool_with(suspend=True)["spec"]}, "only change the finalizers and the status"),
}


@pytest.mark.parametrize(("manifest", "words"), DENIED.values(), ids=DENIED)
def test_a_stolen_token_of_the_operators_makes_nothing_else(bound: Cluster, manifest: Manifest, words: str) -> None:
    done = dry_run(bound, json.dumps(manifest), f"--as={OPERATOR}", "--force-conflicts")
    assert done.returncode != 0
    assert words in done.stderr
    assert dry_run(bound, json.dumps(manifest), "--force-conflicts").returncode == 0, "an administrator may"


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_what_the_table_above_begins_with_may_be_made(bound: Cluster, kind: str) -> None:
    claim = {"name": "v", "persistentVolumeClaim": {"claimName": "a", "readOnly": True}}
    allowed: list[Manifest] = [{}, {"serviceAccountName": ACCOUNT, "volumes": [TOKEN]}, {"volumes": [claim]}]
    for spec in allowed:
        done = dry_run(bound, json.dumps(workload(kind, **spec)), f"--as={OPERATOR}")
        assert done.returncode == 0, done.stderr
    trusting = gateways(trust_mounts(), volumes=gateway_volumes(trust_volume()))
    for made in (gateways(), trusting, service(), projector()):
        done = dry_run(bound, json.dumps(made), f"--as={OPERATOR}")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("delete", "configmap", "somebodys", "--wait=false"), LABEL),
        (("delete", "configmap", "kube-root-ca.crt", "--wait=false"), LABEL),
        (("label", "pod", "somebodys", "a=b"), "changes no pod"),
    ],
    ids=["a ConfigMap", "the cluster's own", "a pod"],
)
def test_a_stolen_token_of_the_operators_touches_nothing_of_others(
    bound: Cluster, argv: tuple[str, ...], words: str
) -> None:
    done = bound.run("kubectl", *argv, "-n", POOLS, f"--as={OPERATOR}", check=False)
    assert done.returncode != 0
    assert words in done.stderr


def test_the_operator_deletes_what_it_made_adopts_an_orphan_mends_a_label_and_holds_a_pool(bound: Cluster) -> None:
    uid = bound.get("llmworkerpool", "bound", POOLS)["metadata"]["uid"]
    mine = {**OURS, "ownerReferences": [{**OWNER, "name": "bound", "uid": uid}]}
    bound.apply(config_map(mine, "mine"), config_map({"labels": OURS["labels"]}, "orphan"), namespace=POOLS)
    bound.apply(config_map({**mine, "labels": {}}, "bare"), namespace=POOLS)
    as_operator = ("-n", POOLS, f"--as={OPERATOR}")
    assert (
        bound.run("kubectl", "delete", "configmap", "mine", "--wait=false", *as_operator, check=False).returncode == 0
    )
    for name in ("orphan", "bare"):
        done = dry_run(bound, json.dumps(config_map(mine, name)), f"--as={OPERATOR}", "--force-conflicts")
        assert done.returncode == 0, done.stderr
    patch = '{"metadata":{"finalizers":["laneway.dev/queues"]}}'
    held = ("patch", "llmworkerpool", "bound", "--type=merge", f"--patch={patch}", "--dry-run=server")
    done = bound.run("kubectl", *held, *as_operator, check=False)
    assert done.returncode == 0, done.stderr


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


STAY, EVICT = "karpenter.sh/do-not-disrupt", "cluster-autoscaler.kubernetes.io/safe-to-evict"


def test_a_worker_holds_its_node_and_lets_it_go(installed: Cluster, worker: Worker) -> None:
    command = ("annotate", "pod", "mine", "--overwrite", f"{STAY}=true", f"{EVICT}=false")
    eventually(lambda: worker(*command).returncode == 0)  # a policy that is gone holds a moment longer
    found = installed.get("pod", "mine", POOLS)["metadata"]["annotations"]
    assert {STAY: "true", EVICT: "false"}.items() <= found.items()
    assert worker("annotate", "pod", "mine", f"{STAY}-", f"{EVICT}-").returncode == 0


def test_a_worker_changes_its_two_annotations_on_its_own_pod(installed: Cluster, worker: Worker) -> None:
    cost = "controller.kubernetes.io/pod-deletion-cost"
    command = ("annotate", "pod", "mine", "--overwrite", f"{cost}=7", "laneway.dev/report=no model")
    eventually(lambda: worker(*command).returncode == 0)  # a policy that is gone holds a moment longer
    annotations = installed.get("pod", "mine", POOLS)["metadata"]["annotations"]
    assert annotations == {"kept": "yes", cost: "7", "laneway.dev/report": "no model"}
    assert worker("annotate", "pod", "mine", "laneway.dev/report-", f"{cost}-").returncode == 0


ELSE = (
    "controller.kubernetes.io/pod-deletion-cost, karpenter.sh/do-not-disrupt, "
    "cluster-autoscaler.kubernetes.io/safe-to-evict and laneway.dev/report of its pod, not "
)
VALUES = (
    "may set karpenter.sh/do-not-disrupt to true alone, and cluster-autoscaler.kubernetes.io/safe-to-evict to false"
)
REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "another pod": (
        ("annotate", "pod", "other", "laneway.dev/report=x"),
        "this token was issued to pod mine, and the request is for other",
    ),
    "label": (("label", "pod", "mine", "lane=slow", "--overwrite"), ELSE + "its labels"),
    "another annotation": (("annotate", "pod", "mine", "new=x"), ELSE + "other annotations"),
    "a changed annotation": (("annotate", "pod", "mine", "kept=no", "--overwrite"), ELSE + "other annotations"),
    "a removed annotation": (("annotate", "pod", "mine", "kept-"), ELSE + "other annotations"),
    "a pod that may be disrupted": (("annotate", "pod", "mine", f"{STAY}=false"), VALUES),
    "a node that stays for a time": (("annotate", "pod", "mine", f"{STAY}=10h"), VALUES),
    "a pod that is safe to evict": (("annotate", "pod", "mine", f"{EVICT}=true"), VALUES),
    "another of Karpenter's": (
        ("annotate", "pod", "mine", "karpenter.sh/disruption-cost=1"),
        ELSE + "other annotations",
    ),
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
    done = worker_of(installed, tmp_path)("annotate", "pod", "mine", "laneway.dev/report=x")
    assert "this token names none: use the token that is mounted in the pod" in done.stderr


@pytest.mark.usefixtures("worker")
def test_the_policy_is_about_workers_only(installed: Cluster) -> None:
    installed.kubectl("label", "pod", "other", "-n", POOLS, "by=an administrator".replace(" ", "-"))


@pytest.mark.parametrize("policy", ["pod-reports", "operator-owns", "operator-reads", "operator-pods", "dashboard"])
def test_kubernetes_finds_nothing_wrong_with_the_policy_s_types(installed: Cluster, policy: str) -> None:
    name = f"{RELEASE}.{NAMESPACE}.{policy}.laneway.dev"
    status = eventually(lambda: installed.get("validatingadmissionpolicy", name).get("status", {}))
    assert status["typeChecking"] == {}


@pytest.mark.parametrize("crd", ["llmworkerpools.laneway.dev", "placementprofiles.laneway.dev"])
def test_a_resource_outlives_its_release(installed: Cluster, crd: str) -> None:
    installed.run("helm", "upgrade", "--install", "crds-again", CRD_CHART, "--take-ownership", "-n", NAMESPACE)
    installed.run("helm", "uninstall", "crds-again", "-n", NAMESPACE)
    assert installed.get("customresourcedefinition", crd)["metadata"]["name"] == crd
