"""The operator's adapter to Kubernetes, against an API server."""

from __future__ import annotations

import copy
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client, config

from laneway.schema.shared.names import FINALIZER
from laneway_operator.cluster.api_server import ApiServer
from laneway_operator.cluster.kubernetes import KubernetesCluster
from laneway_operator.errors import SpecError, Unreachable
from laneway_operator.kinds import KINDS
from laneway_operator.known.digest import digest_of_manifest
from laneway_operator.known.observe import Child, child
from laneway_operator.known.snapshot import PoolBody
from laneway_operator.reasons import Reason
from laneway_operator.reconcile.plan import make_plan
from laneway_operator.render import render
from support.golden import cases
from support.inputs.pools import named
from support.operator.in_memory import OTHER_UID, pool_view
from support.operator.leading import always, ignored
from support.processes import closed_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_operator.render.view import Manifest
    from support.cluster.cluster import Cluster

CRDS = Path(__file__).parents[2] / "crds"
CASES = cases()
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def connection(api: Cluster) -> Iterator[KubernetesCluster]:
    api.define(CRDS)
    with config.new_client_from_config(str(api.kubeconfig)) as made:  # type: ignore[no-untyped-call] # because it has no types
        yield KubernetesCluster(ApiServer(made, ignored), always)


class Place:
    """A namespace of the test's own, and the pool in it."""

    def __init__(self, api: Cluster, operator: KubernetesCluster, case: str = "smallest") -> None:
        self.api, self.operator = api, operator
        self.namespace = f"adapter-{next(_numbers)}"
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        view = CASES[case]
        document = named(view.pool.model_dump(mode="json", by_alias=True, exclude_none=True), view.name, self.namespace)
        api.apply(document, namespace=self.namespace)
        self.name = view.name
        uid = api.get("llmworkerpool", self.name, self.namespace)["metadata"]["uid"]
        self.view = pool_view(document, view.settings, uid)
        self.manifests = render(self.view)

    def manifest(self, kind: str) -> Manifest:
        return copy.deepcopy(next(each for each in self.manifests if each["kind"] == kind))

    def apply(self, *manifests: Manifest) -> None:
        for manifest in manifests or self.manifests:
            self.operator.apply(manifest)

    def body(self, manifest: Manifest) -> dict[str, Any]:
        kind, name = manifest["kind"].lower(), manifest["metadata"]["name"]
        command = ("get", kind, name, "--namespace", self.namespace, "--output=json", "--show-managed-fields")
        return dict(json.loads(self.api.kubectl(*command)))

    def children(self) -> list[Child]:
        kinds = ",".join(each.plural for each in KINDS.values())
        command = ("get", kinds, "--selector=laneway.dev/pool", "--namespace", self.namespace)
        found = json.loads(self.api.kubectl(*command, "--output=json", "--show-managed-fields"))
        return [child(each["kind"], each) for each in found["items"]]

    def kubectl(self, *argv: str) -> None:
        self.api.kubectl(*argv, "--namespace", self.namespace)


@pytest.fixture
def place(api: Cluster, connection: KubernetesCluster) -> Place:
    return Place(api, connection)


@pytest.mark.parametrize("case", CASES)
def test_what_was_applied_is_there_and_is_not_applied_again(
    api: Cluster, connection: KubernetesCluster, case: str
) -> None:
    place = Place(api, connection, case)
    place.apply()
    plan = make_plan(place.manifests, place.children(), ())
    assert [(each["kind"], each["metadata"]["name"]) for each in plan.apply] == []
    assert plan.delete == ()


def test_a_new_deployment_starts_with_nobody(place: Place) -> None:
    deployment = place.manifest("Deployment")
    place.apply(deployment)
    assert place.body(deployment)["spec"]["replicas"] == 0


def test_the_number_of_workers_is_never_ours(place: Place) -> None:
    deployment = place.manifest("Deployment")
    place.apply(deployment)
    place.kubectl("scale", "deployment", deployment["metadata"]["name"], "--replicas=1")
    place.apply(deployment)
    deployment["spec"]["revisionHistoryLimit"] = 5
    place.apply(deployment)
    spec = place.body(deployment)["spec"]
    assert (spec["replicas"], spec["revisionHistoryLimit"]) == (1, 5)


def test_a_deployment_that_was_made_but_not_let_go_of_keeps_its_number(place: Place) -> None:
    deployment = place.manifest("Deployment")
    half_done = copy.deepcopy(deployment)
    half_done["spec"]["replicas"] = 0
    place.api.run(
        "kubectl", "apply", "--server-side", "--field-manager=laneway", "--filename=-", text=json.dumps(half_done)
    )
    place.apply(deployment)
    assert place.body(deployment)["spec"]["replicas"] == 0
    assert child("Deployment", place.body(deployment)).digest == digest_of_manifest(deployment)


@pytest.mark.parametrize("kind", ["ServiceAccount", "TriggerAuthentication", "Deployment", "ScaledObject"])
def test_what_was_deleted_is_missed_and_comes_back(place: Place, kind: str) -> None:
    place.apply()
    manifest = place.manifest(kind)
    place.kubectl("delete", kind.lower(), manifest["metadata"]["name"], "--wait=true")
    plan = make_plan(place.manifests, place.children(), ())
    assert plan.apply == (manifest,)
    place.apply(*plan.apply)
    assert make_plan(place.manifests, place.children(), ()).apply == ()


def test_what_was_changed_by_hand_is_seen_and_mended(place: Place) -> None:
    place.apply()
    name = place.manifest("Deployment")["metadata"]["name"]
    place.kubectl("set", "image", f"deployment/{name}", "worker=other:1")
    plan = make_plan(place.manifests, place.children(), ())
    assert plan.apply == (place.manifest("Deployment"),)
    place.apply(*plan.apply)
    assert make_plan(place.manifests, place.children(), ()).apply == ()


def test_what_others_wrote_survives(place: Place) -> None:
    deployment = place.manifest("Deployment")
    place.apply(deployment)
    place.kubectl("annotate", "deployment", deployment["metadata"]["name"], "other.example/note=kept")
    deployment["spec"]["revisionHistoryLimit"] = 5
    place.apply(deployment)
    assert place.body(deployment)["metadata"]["annotations"]["other.example/note"] == "kept"
    assert child("Deployment", place.body(deployment)).digest == digest_of_manifest(deployment)


def test_a_field_that_is_not_wanted_any_more_goes(place: Place) -> None:
    deployment = place.manifest("Deployment")
    pod = deployment["spec"]["template"]["spec"]
    pod["nodeSelector"] = {"disk": "fast"}
    place.apply(deployment)
    del pod["nodeSelector"]
    place.apply(deployment)
    assert "nodeSelector" not in place.body(deployment)["spec"]["template"]["spec"]


@pytest.mark.parametrize("kind", ["Deployment", "ScaledObject"])
@pytest.mark.parametrize("whose", ["a person's", "another pool's"])
def test_what_is_somebody_elses_is_left_alone(place: Place, kind: str, whose: str) -> None:
    ours = place.manifest(kind)
    theirs = copy.deepcopy(ours)
    if whose == "another pool's":
        place.apply(theirs)
        ours["metadata"]["ownerReferences"][0]["uid"] = OTHER_UID
    else:
        del theirs["metadata"]["ownerReferences"]
        place.api.apply(theirs, namespace=place.namespace)
    ours["metadata"]["labels"]["laneway.dev/pool"] = "another"
    with pytest.raises(SpecError, match="that is not this pool's") as caught:
        place.apply(ours)
    assert caught.value.reason is Reason.NAME_TAKEN
    assert place.body(ours)["metadata"]["labels"]["laneway.dev/pool"] == place.name


def test_a_refused_object_is_told_in_the_servers_words(place: Place) -> None:
    deployment = place.manifest("Deployment")
    deployment["spec"]["template"]["spec"]["containers"] = []
    with pytest.raises(SpecError, match=r"spec\.template\.spec\.containers: Required value") as caught:
        place.apply(deployment)
    assert caught.value.reason is Reason.REFUSED


def test_exactly_the_object_that_was_seen_is_deleted(place: Place) -> None:
    place.apply()
    seen = next(each for each in place.children() if each.kind == "TriggerAuthentication")
    with pytest.raises(Unreachable, match="409"):
        place.operator.delete(replace(seen, uid=OTHER_UID), place.namespace)
    assert seen in place.children()
    place.operator.delete(seen, place.namespace)
    assert seen.uid not in {each.uid for each in place.children()}
    place.operator.delete(seen, place.namespace)


def test_a_status_is_written_beside_the_spec(place: Place) -> None:
    before = place.api.get("llmworkerpool", place.name, place.namespace)
    status = {
        "observedGeneration": 1,
        "conditions": [],
        "laneCount": 1,
        "workers": "0/1",
        "lanes": [{"name": "default"}],
    }
    place.operator.write_status(place.namespace, place.name, status)
    after = place.api.get("llmworkerpool", place.name, place.namespace)
    assert after["status"]["workers"] == "0/1"
    assert (after["spec"], after["metadata"]["generation"]) == (before["spec"], before["metadata"]["generation"])


def test_whose_a_pool_is_goes_from_its_status_with_its_operator(place: Place) -> None:
    status = {"conditions": [], "operator": "nlp-system/laneway"}
    place.operator.write_status(place.namespace, place.name, status)
    place.operator.write_status(place.namespace, place.name, {"conditions": []})
    assert "operator" not in place.api.get("llmworkerpool", place.name, place.namespace)["status"]


def finalizers(place: Place) -> list[str]:
    return list(place.api.get("llmworkerpool", place.name, place.namespace)["metadata"].get("finalizers", []))


def test_a_pool_is_held_and_let_go_and_others_finalizers_are_theirs(place: Place) -> None:
    body = pool_body(place)
    place.operator.let_go(body)
    place.kubectl("patch", "lwp", place.name, "--type=merge", '--patch={"metadata":{"finalizers":["a.example/b"]}}')
    place.operator.hold(body)
    place.operator.hold(body)
    assert finalizers(place) == ["a.example/b", FINALIZER]
    place.kubectl("delete", "lwp", place.name, "--wait=false")
    place.operator.let_go(replace(body, uid=OTHER_UID))
    assert finalizers(place) == ["a.example/b", FINALIZER]
    place.operator.let_go(body)
    assert finalizers(place) == ["a.example/b"]
    with pytest.raises(SpecError, match="no new finalizers can be added"):
        place.operator.hold(body)
    place.kubectl("patch", "lwp", place.name, "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    place.operator.let_go(body)


def pool_body(place: Place) -> PoolBody:
    found = place.api.get("llmworkerpool", place.name, place.namespace)
    return PoolBody(place.namespace, place.name, found["metadata"]["uid"], 1, found["spec"], {})


def test_a_status_of_a_pool_that_is_gone_is_nothing(place: Place) -> None:
    place.operator.write_status(place.namespace, "gone", {"workers": "0/0"})


def test_a_secret_is_there_or_not(place: Place) -> None:
    assert not place.operator.has_secret(place.namespace, "aws-emulator")
    place.kubectl("create", "secret", "generic", "aws-emulator", "--from-literal=a=b")
    assert place.operator.has_secret(place.namespace, "aws-emulator")


def test_a_cluster_has_one_identity(place: Place) -> None:
    assert place.operator.identity() == place.api.get("namespace", "kube-system")["metadata"]["uid"]


def test_a_server_that_does_not_answer_is_unreachable() -> None:
    with closed_port() as port:
        api = client.ApiClient(client.Configuration(host=f"http://127.0.0.1:{port}"))
        nobody = KubernetesCluster(ApiServer(api, ignored), always)
        with pytest.raises(Unreachable, match="GET /api/v1/namespaces/kube-system"):
            nobody.identity()
