"""The life of a release, by real Helm on a real API server: the chart before, this one, none."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from chart.rendering import CHART, CRD_CHART, KIND_EXAMPLE, MATRIX, PREVIOUS, Manifest, tool
from support.inputs.profiles import profile_with
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

    from support.cluster.cluster import Cluster

NUMBERS = count(1)
CRD = "llmworkerpools.laneway.dev"
G5 = {"placementProfiles": {"g5": {"pricePerHour": "1.006"}}}
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
}


class Release:
    """One release in a namespace of its own that takes only restricted pods."""

    def __init__(self, cluster: Cluster, folder: Path, name: str) -> None:
        self.cluster = cluster
        self.name = self.namespace = name
        self._folder = folder
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}}
        cluster.apply(namespace)

    def helm(
        self, verb: str, *argv: str | Path, values: Manifest | None = None, program: str | Path = "helm"
    ) -> CompletedProcess[str]:
        file = self._folder / "values.json"
        file.write_text(json.dumps(values or {}))
        given = () if verb == "uninstall" else (f"--values={file}", "--wait", "--timeout=60s")
        return self.cluster.run(program, verb, *argv, "-n", self.namespace, *given)

    def install(self, chart: Path, values: Manifest | None = None) -> None:
        self.helm("upgrade", "--install", self.name, chart, values=values)

    def deployment(self) -> Manifest:
        return self.cluster.get("deployment", self.name, self.namespace)

    def objects(self) -> set[tuple[str, str]]:
        text = self.cluster.run("helm", "get", "manifest", self.name, "-n", self.namespace).stdout
        return {(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(text) if each}


@pytest.fixture
def release(api: Cluster, tmp_path: Path) -> Iterator[Release]:
    name = f"life-{next(NUMBERS)}"
    made = Release(api, tmp_path, name)
    yield made
    api.run("helm", "uninstall", name, "-n", name, "--ignore-not-found")
    # Its policies outlive it, and those of the chart before refuse what the workers of this one write.
    kept = "validatingadmissionpolicies,validatingadmissionpolicybindings"
    api.kubectl("delete", kept, f"--selector=app.kubernetes.io/instance={name}", "--ignore-not-found")
    api.kubectl("delete", "namespace", name, "--wait=false")


def crds(release: Release, chart: Path) -> None:
    release.cluster.run(
        "helm", "upgrade", "--install", "laneway-crds", chart, "-n", "crds", "--create-namespace", "--take-ownership"
    )


def pool(release: Release) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((KIND_EXAMPLE / "pool.yaml").read_text())
    found["metadata"] = {"name": "documents", "namespace": release.namespace}
    return found


def of_before(document: dict[str, Any]) -> dict[str, Any]:
    """The pool as people wrote it for the chart before."""
    spec = document["spec"]
    return document | {"spec": spec | {"results": spec["results"]["s3"]}}


def test_helm_4_goes_on_with_a_release_of_helm_3_and_ends_it(release: Release) -> None:
    crds(release, CRD_CHART)
    release.install(CHART)
    before = release.deployment()
    release.helm("upgrade", release.name, CHART, values={"logLevel": "debug"}, program=tool("helm4"))
    after = release.deployment()
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert containers(after) != containers(before)
    release.install(CHART, {"logLevel": "info"})  # without any value Helm keeps those of before
    back = release.deployment()
    assert containers(back) == containers(before), "and Helm 3 takes it back"
    release.helm("uninstall", release.name, program=tool("helm4"))
    assert release.deployment() == {}


def containers(deployment: Manifest) -> list[Manifest]:
    return list(deployment["spec"]["template"]["spec"]["containers"])


def test_helm_4_installs(release: Release) -> None:
    crds(release, CRD_CHART)
    release.helm("install", release.name, CHART, program=tool("helm4"))
    assert release.deployment()["status"]["readyReplicas"] == 1


def test_an_upgrade_from_the_chart_before_takes_what_was_set_and_keeps_pools(release: Release) -> None:
    crds(release, PREVIOUS / "laneway-crds")
    values = MATRIX["emulator"] | {"imagePullSecrets": ["registry"]}
    release.install(PREVIOUS / "laneway", values)
    before = release.objects()
    release.cluster.apply(of_before(pool(release)), namespace=release.namespace)
    was = release.cluster.get("llmworkerpool", "documents", release.namespace)

    crds(release, CRD_CHART)
    release.install(CHART, values)
    found = release.deployment()["spec"]
    assert found["strategy"]["type"] == "RollingUpdate"
    (container,) = found["template"]["spec"]["containers"]
    given = {each["name"]: each.get("value") for each in container["env"]}
    assert given["LANEWAY_AWS_ENDPOINT"] == values["emulator"]["endpoint"]
    assert before - release.objects() == {("ConfigMap", f"{release.name}-profiles")}, "profiles are resources now"
    kept = release.cluster.get("llmworkerpool", "documents", release.namespace)
    assert (kept["metadata"]["uid"], kept["spec"]["model"]) == (was["metadata"]["uid"], was["spec"]["model"])
    release.cluster.apply(pool(release), namespace=release.namespace)
    now = release.cluster.get("llmworkerpool", "documents", release.namespace)
    assert now["metadata"]["uid"] == was["metadata"]["uid"], "it takes its new shape, and its workers stay"
    assert now["spec"]["results"] == {"s3": was["spec"]["results"]}


def test_a_rollback_brings_the_chart_before_back(release: Release) -> None:
    crds(release, CRD_CHART)
    release.install(PREVIOUS / "laneway")
    release.install(CHART)
    release.cluster.run("helm", "rollback", release.name, "-n", release.namespace, "--wait")
    assert release.deployment()["spec"]["strategy"] == {"type": "Recreate"}


def test_an_upgrade_with_nothing_new_changes_nothing(release: Release) -> None:
    crds(release, CRD_CHART)
    release.install(CHART)
    before = release.deployment()["metadata"]
    release.install(CHART)
    after = release.deployment()["metadata"]
    assert (after["generation"], after["uid"]) == (before["generation"], before["uid"])


def test_when_the_release_goes_pools_and_their_children_stay(release: Release) -> None:
    crds(release, CRD_CHART)
    release.install(CHART)
    release.cluster.apply(pool(release), namespace=release.namespace)
    owner = release.cluster.get("llmworkerpool", "documents", release.namespace)["metadata"]["uid"]
    reference = {"apiVersion": "laneway.dev/v1alpha1", "kind": "LLMWorkerPool", "name": "documents", "uid": owner}
    metadata = {"name": "documents-fast", "namespace": release.namespace, "ownerReferences": [reference]}
    release.cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, namespace=release.namespace)
    mine = release.objects()

    release.helm("uninstall", release.name, "--wait")
    left = {each for each in mine if release.cluster.get(each[0], each[1], release.namespace)}
    policy = f"{release.name}.{release.namespace}.pod-reports.laneway.dev"
    assert left == {("ValidatingAdmissionPolicy", policy), ("ValidatingAdmissionPolicyBinding", policy)}
    assert release.cluster.get("llmworkerpool", "documents", release.namespace)["metadata"]["uid"] == owner
    assert release.cluster.get("configmap", "documents-fast", release.namespace)["metadata"]["name"] == "documents-fast"
    assert release.cluster.get("customresourcedefinition", CRD)["metadata"]["name"] == CRD


@pytest.fixture
def profiled(release: Release) -> Iterator[Release]:
    """A release that made the profile g5, beside one that a person made."""
    crds(release, CRD_CHART)
    release.install(CHART, G5)
    release.cluster.apply(profile_with("by-hand", pricePerHour="2"))
    yield release
    release.cluster.kubectl("delete", "placementprofiles", "--all")


def price(release: Release, name: str) -> str | None:
    found: str | None = release.cluster.get("placementprofile", name).get("spec", {}).get("pricePerHour")
    return found


def test_a_release_changes_its_own_profiles_and_no_others(profiled: Release) -> None:
    profiled.install(CHART, {"placementProfiles": {"g5": {"pricePerHour": "0.9"}, "cpu": {}}})
    assert (price(profiled, "g5"), price(profiled, "by-hand")) == ("0.9", "2")
    assert profiled.cluster.get("placementprofile", "cpu")["spec"] == {"nodeSelector": {}, "tolerations": []}


def test_profiles_outlive_their_values_and_their_release_and_are_taken_back(profiled: Release) -> None:
    profiled.install(CHART)
    assert (price(profiled, "g5"), price(profiled, "by-hand")) == ("1.006", "2")
    profiled.install(CHART, {"placementProfiles": {"g5": {"pricePerHour": "0.9"}}})
    assert price(profiled, "g5") == "0.9"
    profiled.helm("uninstall", profiled.name, "--wait")
    assert (price(profiled, "g5"), price(profiled, "by-hand")) == ("0.9", "2")
    profiled.helm("upgrade", "--install", profiled.name, CHART, "--take-ownership", values=G5)
    assert price(profiled, "g5") == "1.006", "without the option Helm 3 takes it back as it stands"


def test_a_profile_of_somebody_is_not_overwritten(profiled: Release) -> None:
    """The same holds for one that another release made."""
    values = json.dumps({"placementProfiles": {"by-hand": {"pricePerHour": "9"}}})
    done = profiled.cluster.run(
        *("helm", "upgrade", profiled.name, CHART, "-n", profiled.namespace, "--values=-"), text=values, check=False
    )
    assert 'PlacementProfile "by-hand" in namespace "" exists and cannot be imported' in done.stderr
    assert price(profiled, "by-hand") == "2"


def test_without_the_resource_helm_says_what_to_install_first(release: Release) -> None:
    release.cluster.kubectl("delete", "crd", "placementprofiles.laneway.dev", "--ignore-not-found")
    values = json.dumps(G5)
    done = release.cluster.run(
        *("helm", "install", release.name, CHART, "-n", release.namespace, "--values=-"), text=values, check=False
    )
    assert 'no matches for kind "PlacementProfile" in version "laneway.dev/v1alpha1"' in done.stderr
    assert "ensure CRDs are installed first" in done.stderr
    crds(release, CRD_CHART)


def test_a_restricted_namespace_takes_the_operator(release: Release) -> None:
    """And the namespace does refuse what is not restricted."""
    crds(release, CRD_CHART)
    release.install(CHART, MATRIX["words"] | MATRIX["environment"])
    eventually(lambda: release.deployment()["status"].get("readyReplicas", 0) >= 1)
    plain = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "plain"},
        "spec": {"containers": [{"name": "a", "image": "a"}]},
    }
    done = release.cluster.run(
        "kubectl", "apply", "-n", release.namespace, "-f", "-", text=json.dumps(plain), check=False
    )
    assert "violates PodSecurity" in done.stderr
