"""The dashboard that the chart installs: what it runs, who reaches it, and what it may."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from chart.rendering import DIGEST, MATRIX, ROOT, Helm, Manifest, of_component, of_kind
from laneway.iam.trust import DASHBOARD, Account
from laneway.schema.shared.names import PAUSED_LANES
from laneway_dashboard.settings import PORT, InCluster, read_settings
from support.pages import yaml_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

ON = (
    "dashboard",
    "dashboard that believes others",
    "pinned dashboard",
    "closed dashboard",
    "dashboard of some namespaces",
)
READ = ["get", "list", "watch"]
TO = "rbac.authorization.k8s.io/aggregate-to-"
POD = {"KUBERNETES_SERVICE_HOST": "10.100.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def made(helm: Helm, values: str) -> list[Manifest]:
    return of_component(helm.template(MATRIX[values]), "dashboard")


def pod(helm: Helm, values: str) -> Manifest:
    return dict(of_kind(made(helm, values), "Deployment")["spec"]["template"]["spec"])


def container(helm: Helm, values: str) -> Manifest:
    (found,) = pod(helm, values)["containers"]
    return dict(found)


def environment(helm: Helm, values: str) -> Mapping[str, str]:
    return {each["name"]: each.get("value", "") for each in container(helm, values)["env"]}


def test_there_is_none_unless_somebody_wants_one(helm: Helm) -> None:
    for values in MATRIX.keys() - set(ON):
        assert made(helm, values) == []
        names = [each["metadata"]["name"] for each in of_component(helm.template(MATRIX[values]), "people")]
        assert not [name for name in names if name.endswith((":on-call", ":texts"))]


@pytest.mark.parametrize("values", ON)
def test_it_reads_what_the_chart_sets(helm: Helm, values: str) -> None:
    found = read_settings({**environment(helm, values), **POD})
    given = MATRIX[values]
    namespaces = tuple(given.get("watch", {}).get("namespaces", ()))
    hosts = frozenset(given["dashboard"]["hosts"])
    assert found.cluster == InCluster("https://10.100.0.1:443", hosts, namespaces)
    assert found.port is None
    assert container(helm, values)["ports"] == [{"name": "http", "containerPort": PORT}]
    mounts = [each["mountPath"] for each in container(helm, values)["volumeMounts"]]
    assert str(found.state) in mounts
    assert [str(each.parent) for each in found.tables] == [each for each in mounts if each.endswith("/config")]
    assert len(found.tables) == len(given["dashboard"].get("tables", ()))


@pytest.mark.parametrize("values", ON)
def test_it_runs_as_nobody_with_nothing_it_does_not_need(helm: Helm, values: str) -> None:
    spec, own = pod(helm, values), container(helm, values)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] == 65532
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    deployment = of_kind(made(helm, values), "Deployment")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert {own[each]["httpGet"]["path"] for each in ("startupProbe", "readinessProbe", "livenessProbe")} == {
        "/healthz"
    }
    volumes = [each["name"] for each in spec["volumes"]]
    assert sorted(volumes) == sorted(each["name"] for each in own["volumeMounts"])


def test_its_disk_its_tables_and_its_image_are_those_that_are_named(helm: Helm) -> None:
    volumes = {each["name"]: each for each in pod(helm, "closed dashboard")["volumes"]}
    assert volumes["claim"]["persistentVolumeClaim"] == {"claimName": "dashboard"}
    assert volumes["table-0-secret"]["secret"] == {"secretName": "documents-db"}
    assert "table-1-secret" not in volumes
    mounted = {each["name"]: each["mountPath"] for each in container(helm, "closed dashboard")["volumeMounts"]}
    assert mounted["table-0-secret"] == "/etc/laneway-tables/documents.table/secret"
    assert container(helm, "closed dashboard")["image"] == "mirror.example/dashboard:1"
    assert container(helm, "pinned dashboard")["image"] == f"laneway.local/dashboard:0.1.0@{DIGEST}"
    assert "emptyDir" in next(each for each in pod(helm, "dashboard")["volumes"] if each["name"] == "state")


def test_no_selector_takes_one_for_the_other(helm: Helm) -> None:
    """The operator's is of before there were others, and a Deployment's can't be changed."""
    manifests = helm.template(MATRIX["closed dashboard"])
    deployments = [each["spec"] for each in manifests if each["kind"] == "Deployment"]
    assert len(deployments) == 2
    selecting = [
        each["spec"]["selector"].get("matchLabels", each["spec"]["selector"])
        for each in manifests
        if each["kind"] in ("Deployment", "PodDisruptionBudget", "Service")
    ] + [each["spec"]["podSelector"]["matchLabels"] for each in manifests if each["kind"] == "NetworkPolicy"]
    for selector in selecting:
        taken = [each for each in deployments if selector.items() <= each["template"]["metadata"]["labels"].items()]
        assert len(taken) == 1


def test_its_service_and_its_ingress_lead_to_it(helm: Helm) -> None:
    manifests = made(helm, "closed dashboard")
    service, ingress = of_kind(manifests, "Service"), of_kind(manifests, "Ingress")["spec"]
    (port,) = service["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, "http")
    assert [each["host"] for each in ingress["rules"]] == ["d.example", "e.example"], "an Ingress has no ports"
    for each in ingress["rules"]:
        (path,) = each["http"]["paths"]
        assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": port["name"]}}
    given = MATRIX["closed dashboard"]["dashboard"]["ingress"]
    assert (ingress["ingressClassName"], ingress["tls"]) == ("nginx", given["tls"])
    assert not [each for each in made(helm, "dashboard") if each["kind"] in ("Ingress", "NetworkPolicy")]


def test_who_comes_is_who_is_named_and_what_it_reaches_is_what_the_operator_reaches(helm: Helm) -> None:
    policy = of_kind(made(helm, "closed dashboard"), "NetworkPolicy")["spec"]
    assert policy["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}], "from": [{"podSelector": {}}]}]
    closed = {**MATRIX["closed dashboard"], "networkPolicy": {"enabled": True}}
    operators = of_kind(of_component(helm.template(closed), "operator"), "NetworkPolicy")["spec"]
    assert policy["egress"] == [*operators["egress"], {"ports": [{"port": 5432}]}]


def test_its_role_in_aws_is_for_this_account(helm: Helm) -> None:
    account = of_kind(made(helm, "dashboard"), "ServiceAccount")["metadata"]
    assert Account(account["namespace"], account["name"]) == DASHBOARD


def rights(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


@pytest.mark.parametrize(("values", "kind"), [("dashboard", "ClusterRole"), ("dashboard of some namespaces", "Role")])
def test_it_reads_pools_patches_them_and_tells_and_nothing_else(helm: Helm, values: str, kind: str) -> None:
    manifests = made(helm, values)
    roles, bindings = rights(manifests, kind), rights(manifests, f"{kind}Binding")
    namespaces = MATRIX[values].get("watch", {}).get("namespaces", [None])
    assert [each["metadata"].get("namespace") for each in roles] == namespaces
    for role in roles:
        assert role["rules"] == [
            {"apiGroups": ["laneway.dev"], "resources": ["llmworkerpools"], "verbs": ["get", "list", "patch"]},
            {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
        ]
    bound = rights(manifests, "ClusterRoleBinding")
    assert [each["roleRef"]["name"] for each in bound][:1] == ["system:auth-delegator"]
    assert len(bound) == (2 if kind == "ClusterRole" else 1)
    account = of_kind(manifests, "ServiceAccount")
    for each in (*bindings, *bound):
        assert [(one["name"], one["namespace"]) for one in each["subjects"]] == [
            ("laneway-dashboard", "laneway-system")
        ]
    assert account["metadata"]["name"] == pod(helm, values)["serviceAccountName"] == "laneway-dashboard"
    assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("values", ON)
def test_a_policy_bounds_its_right_to_patch(helm: Helm, values: str) -> None:
    manifests = made(helm, values)
    policy, binding = (
        of_kind(manifests, "ValidatingAdmissionPolicy"),
        of_kind(manifests, "ValidatingAdmissionPolicyBinding"),
    )
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    assert policy["spec"]["failurePolicy"] == "Fail"
    (condition,) = policy["spec"]["matchConditions"]
    assert condition["expression"].endswith("== 'system:serviceaccount:laneway-system:laneway-dashboard'")


def people(helm: Helm, values: str) -> dict[str, tuple[set[str], dict[str, list[str]]]]:
    """Role → Kubernetes' own roles that it becomes part of, and resource → verbs."""
    return {
        each["metadata"]["name"].rpartition(":")[2]: (
            {name.removeprefix(TO) for name in each["metadata"]["labels"] if name.startswith(TO)},
            {resource: rule["verbs"] for rule in each["rules"] for resource in rule["resources"]},
        )
        for each in of_component(helm.template(MATRIX[values]), "people")
    }


VIEW = ({"view", "edit", "admin"}, {"llmworkerpools": READ})
EDIT = ({"edit", "admin"}, {"llmworkerpools": ["create", "update", "patch", "delete", "deletecollection"]})
ON_CALL = {"llmworkerpools": READ, "llmworkerpools/failedjobs": ["update"], "llmworkerpools/pause": ["update"]}
TEXTS: tuple[set[str], dict[str, list[str]]] = (set(), {"llmworkerpools": ["get"], "llmworkerpools/texts": ["get"]})


def test_kubernetes_own_roles_know_pools_and_none_of_them_lets_anybody_read_prompts(helm: Helm) -> None:
    assert people(helm, "defaults") == {"view": VIEW, "edit": EDIT}
    with_one = people(helm, "dashboard")
    assert with_one == {"view": VIEW, "edit": EDIT, "on-call": ({"edit", "admin"}, ON_CALL), "texts": TEXTS}
    assert people(helm, "dashboard of some namespaces") == {"on-call": (set(), ON_CALL), "texts": TEXTS}
    assert people(helm, "no rights beyond") == {}


PAGE = [(title, text) for title, text in yaml_blocks(ROOT / "docs/howto/dashboard.md") if "dashboard:" in text]


@pytest.mark.parametrize("block", PAGE, ids=lambda each: each[0])
def test_the_values_of_the_page_are_taken(helm: Helm, block: tuple[str, str]) -> None:
    values = yaml.safe_load(block[1])
    assert [each for each in helm.template(values) if each["metadata"]["name"] == "laneway-dashboard"]


def test_what_it_patches_is_what_the_policy_lets_be(helm: Helm) -> None:
    policy = of_kind(made(helm, "dashboard"), "ValidatingAdmissionPolicy")
    assert f"'{PAUSED_LANES}'" in json.dumps(policy["spec"]["validations"])
