"""What the operator may do in a cluster, as rendered."""

from __future__ import annotations

import pytest

from chart.rendering import MATRIX, Helm, Manifest, of_kind

every_value = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
READ = {"get", "list", "watch"}
KNOWN = READ | {"create", "patch", "delete"}


def rules(helm: Helm, values: Manifest | None = None) -> list[Manifest]:
    return list(of_kind(helm.template(values), "ClusterRole")["rules"])


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


def test_secrets_only_the_emulators_and_only_with_one(helm: Helm) -> None:
    assert verbs(rules(helm), "secrets") == set()
    (rule,) = (each for each in rules(helm, MATRIX["two secrets"]) if "secrets" in each["resources"])
    assert rule == {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["aws-emulator"], "verbs": ["get"]}


def test_namespaces_only_the_one_that_identifies_the_cluster(helm: Helm) -> None:
    (rule,) = (each for each in rules(helm) if "namespaces" in each["resources"])
    assert (rule["resourceNames"], rule["verbs"]) == (["kube-system"], ["get"])


def test_pods_are_patched_only_where_a_policy_bounds_it(helm: Helm) -> None:
    assert verbs(rules(helm), "pods") == READ | {"patch"}
    assert of_kind(helm.template(), "ValidatingAdmissionPolicy")["spec"]["failurePolicy"] == "Fail"
    without = helm.template(MATRIX["no pod reports"])
    assert verbs(of_kind(without, "ClusterRole")["rules"], "pods") == READ
    assert not [each for each in without if each["kind"].startswith("ValidatingAdmissionPolicy")]
