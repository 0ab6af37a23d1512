"""What the operator may do in a cluster, as rendered."""

from __future__ import annotations

import json

import pytest

from chart.rendering import MATRIX, Helm, Manifest, of_component, of_kind
from laneway_operator.kinds import KINDS

every_value = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
READ = {"get", "list", "watch"}
BEYOND_NAMESPACES = (["customresourcedefinitions"], ["namespaces"])
KNOWN = READ | {"create", "patch", "delete"}


def rules(helm: Helm, values: Manifest | None = None) -> list[Manifest]:
    return [rule for role in roles(helm, values) for rule in role["rules"]]


def roles(helm: Helm, values: Manifest | None = None) -> list[Manifest]:
    """The operator's about pools: cluster-wide, or of some namespaces."""
    own = of_component(helm.template(values), "operator")
    found = [each for each in own if each["kind"] in ("ClusterRole", "Role")]
    return [each for each in found if not each["metadata"]["name"].endswith("-lease")]


def cluster_rules(helm: Helm, values: str) -> list[Manifest]:
    """The operator's ClusterRole."""
    found: list[Manifest] = of_kind(of_component(helm.template(MATRIX[values]), "operator"), "ClusterRole")["rules"]
    return found


def verbs(found: list[Manifest], resource: str) -> set[str]:
    return {verb for rule in found if resource in rule["resources"] for verb in rule["verbs"]}


@every_value
def test_no_wildcard_and_no_way_to_more_rights(helm: Helm, values: Manifest) -> None:
    for rule in rules(helm, values):
        assert "*" not in "".join([*rule["apiGroups"], *rule["resources"], *rule["verbs"]])
        if rule["resources"] != ["llmworkerpools/finalizers"]:
            assert set(rule["verbs"]) <= KNOWN
        assert not {"clusterroles", "clusterrolebindings", "serviceaccounts/token", "pods/exec"} & set(
            rule["resources"]
        )


def test_pools_are_read_and_only_their_status_and_finalizer_are_written(helm: Helm) -> None:
    found = rules(helm)
    assert verbs(found, "llmworkerpools") == READ | {"patch"}
    assert verbs(found, "llmworkerpools/status") == {"patch"}
    assert verbs(found, "llmworkerpools/finalizers") == {"update"}


def test_profiles_are_read_and_only_their_status_is_written(helm: Helm) -> None:
    for values in ("defaults", "some namespaces"):
        found = cluster_rules(helm, values)
        assert verbs(found, "placementprofiles") == READ
        assert verbs(found, "placementprofiles/status") == {"patch"}


def test_secrets_only_the_emulators_and_only_with_one(helm: Helm) -> None:
    assert verbs(rules(helm), "secrets") == set()
    (rule,) = (each for each in rules(helm, MATRIX["two secrets"]) if "secrets" in each["resources"])
    assert rule == {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["aws-emulator"], "verbs": ["get"]}


def test_namespaces_only_the_one_that_identifies_the_cluster(helm: Helm) -> None:
    (rule,) = (each for each in rules(helm) if "namespaces" in each["resources"])
    assert (rule["resourceNames"], rule["verbs"]) == (["kube-system"], ["get"])


def test_pods_are_patched_only_where_a_policy_bounds_it(helm: Helm) -> None:
    assert verbs(rules(helm), "pods") == READ | {"patch"}
    assert policies(helm.template())["pod-reports"]["spec"]["failurePolicy"] == "Fail"
    assert verbs(cluster_rules(helm, "no pod reports"), "pods") == READ
    assert "pod-reports" not in policies(helm.template(MATRIX["no pod reports"]))


def test_events_are_made_and_counted_and_never_read(helm: Helm) -> None:
    for values in ("defaults", "some namespaces"):
        found = [rule for rule in rules(helm, MATRIX[values]) if "events" in rule["resources"]]
        assert found
        for rule in found:
            assert rule == {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]}


def policies(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Policies that are bound, by the part of the name that is their own."""
    bound = [each["spec"]["policyName"] for each in manifests if each["kind"] == "ValidatingAdmissionPolicyBinding"]
    found = {each["metadata"]["name"]: each for each in manifests if each["kind"] == "ValidatingAdmissionPolicy"}
    assert sorted(bound) == sorted(found)
    return {name.split(".")[2]: each for name, each in found.items()}


OF_THE_OPERATOR = {"operator-events", "operator-owns", "operator-reads", "operator-pods"}


def test_the_operators_account_is_bound_to_what_it_makes_where_nobody_switched_that_off(helm: Helm) -> None:
    found = policies(helm.template(MATRIX["own account"]))
    assert found.keys() >= OF_THE_OPERATOR
    for name in OF_THE_OPERATOR:
        (condition,) = found[name]["spec"]["matchConditions"]
        assert condition["expression"].endswith("== 'system:serviceaccount:laneway-system:made-by-others'")
    assert policies(helm.template(MATRIX["no operator policy"])).keys() == {"pod-reports"}


@pytest.mark.parametrize("values", ["defaults", "gateways"])
def test_every_kind_that_the_operator_may_write_is_bound(helm: Helm, values: str) -> None:
    found = policies(helm.template(MATRIX[values]))
    rules = [
        rule
        for name in ("operator-events", "operator-owns", "operator-reads")
        for rule in found[name]["spec"]["matchConstraints"]["resourceRules"]
    ]
    covered = {(group, resource) for rule in rules for group in rule["apiGroups"] for resource in rule["resources"]}
    cluster = cluster_rules(helm, values)
    written = {
        (group, resource)
        for rule in cluster
        if {"create", "patch", "delete"} & set(rule["verbs"])
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert written - covered == {("laneway.dev", f"{kind}/status") for kind in ("llmworkerpools", "placementprofiles")}


def test_rights_on_gateways_come_with_gateways_alone(helm: Helm) -> None:
    plain, gated = rules(helm), rules(helm, MATRIX["gateways"])
    for resource in ("services", "poddisruptionbudgets"):
        assert verbs(plain, resource) == set()
        assert verbs(gated, resource) == KNOWN
    assert [each for each in gated if each in plain] == plain
    assert len(gated) == len(plain) + 2


def test_everything_that_is_rendered_for_a_pool_may_be_written(helm: Helm) -> None:
    """A fake shows no missing right; a server shows it late."""
    made = {(kind.group, kind.plural) for kind in KINDS.values()}
    for values in ("gateways", "gateways of some namespaces"):
        found = rules(helm, MATRIX[values])
        may = {
            (group, each)
            for rule in found
            if set(rule["verbs"]) >= KNOWN
            for group in rule["apiGroups"]
            for each in rule["resources"]
        }
        assert made <= may


def test_no_pod_reads_a_secret_unless_gateways_are_on_and_then_only_their_image(helm: Helm) -> None:
    def texts(values: str) -> str:
        return json.dumps(policies(helm.template(MATRIX[values]))["operator-pods"]["spec"])

    assert "v.secret" not in texts("defaults")
    assert "c.image == 'mirror.example/gateway:1'" in texts("gateways")


@pytest.mark.parametrize(
    ("values", "namespace", "name"),
    [("defaults", "kube-system", "laneway-operator"), ("some namespaces", "laneway-system", "laneway")],
)
def test_of_leases_only_the_operators_own_may_be_read_and_renewed(
    helm: Helm, values: str, namespace: str, name: str
) -> None:
    """All that serve every namespace have one in common, wherever they are installed."""
    manifests = helm.template(MATRIX[values])
    (role,) = (each for each in manifests if each["metadata"]["name"].endswith("-lease") and "rules" in each)
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", namespace)
    renew, make = role["rules"]
    assert (renew["resourceNames"], renew["verbs"]) == ([name], ["get", "update"])
    assert make["verbs"] == ["create"]
    given = of_kind(manifests, "Deployment")["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "LANEWAY_LEASE", "value": f"{namespace}/{name}"} in given
    assert {"name": "LANEWAY_OPERATOR", "value": "laneway-system/laneway"} in given


PROFILES = (["placementprofiles"], ["placementprofiles/status"])
FINALIZERS = (["llmworkerpools"], ["llmworkerpools/status"])


@pytest.mark.parametrize(
    ("values", "rights"),
    [
        ("some namespaces", (*PROFILES, *FINALIZERS)),
        ("no rights to profiles", FINALIZERS),
        ("no rights to finalizers", PROFILES),
    ],
)
def test_beyond_its_namespaces_an_operator_of_some_has_a_right_to_profiles_and_finalizers_alone(
    helm: Helm, values: str, rights: tuple[list[str], ...]
) -> None:
    beyond = cluster_rules(helm, values)
    assert tuple(rule["resources"] for rule in beyond) == rights
    if rights != PROFILES:
        assert verbs(beyond, "llmworkerpools") == READ | {"patch"}
        assert verbs(beyond, "llmworkerpools/status") == {"patch"}


def test_in_its_namespaces_an_operator_of_some_has_the_rights_of_any_other(helm: Helm) -> None:
    found = [each for each in roles(helm, MATRIX["some namespaces"]) if each["kind"] == "Role"]
    assert [each["metadata"]["namespace"] for each in found] == ["nlp", "law"]
    everywhere = [each["resources"] for each in rules(helm) if each["resources"] not in (*BEYOND_NAMESPACES, *PROFILES)]
    for each in found:
        assert [rule["resources"] for rule in each["rules"]] == everywhere


def test_an_operator_of_some_namespaces_may_be_left_without_any_right_beyond_them(helm: Helm) -> None:
    manifests = helm.template(MATRIX["no rights beyond"])
    assert not [each for each in manifests if each["kind"].startswith("ClusterRole")]
