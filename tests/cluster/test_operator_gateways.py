"""Gateways on a real API server: they come with the field, go with it, and keep the number that somebody gave them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.operator.process import Operated, Place

GATEWAY = {"keys": {"secretName": "documents-keys"}}
DEPLOYMENT, SERVICE = "documents-gateway-for-all-lanes", "documents-gateway"
KINDS = "deployment,networkpolicy,poddisruptionbudget,service,serviceaccount"
MADE = {
    f"deployment.apps/{DEPLOYMENT}",
    f"poddisruptionbudget.policy/{DEPLOYMENT}",
    "networkpolicy.networking.k8s.io/laneway-gateway-documents",
    f"service/{SERVICE}",
    "serviceaccount/laneway-gateway-documents",
}
REPAIR_SECONDS = 30.0  # five on an idle machine
RETRY_SECONDS = 90.0


@pytest.fixture
def place(operated: Operated) -> Iterator[Place]:
    yield operated.place()
    operated.clear()


def of_gateways(place: Place) -> set[str]:
    found = place.kubectl("get", KINDS, "--selector=app.kubernetes.io/component=gateway", "--output=name")
    return set(found.split())


def patched(place: Place, gateway: dict[str, Any] | None) -> None:
    """And carried out: the operator has told of this generation."""
    patch = json.dumps({"spec": {"gateway": gateway}})
    place.kubectl("patch", "lwp", "documents", "--type=merge", f"--patch={patch}")
    wanted = place.get("lwp", "documents")["metadata"]["generation"]
    eventually(lambda: place.get("lwp", "documents")["status"].get("observedGeneration") == wanted, REPAIR_SECONDS)


def conditions(place: Place) -> set[str]:
    return {each["type"] for each in place.get("lwp", "documents")["status"]["conditions"]}


def replicas(place: Place) -> int:
    return int(place.get("deployment", DEPLOYMENT)["spec"]["replicas"])


def test_gateways_come_and_go_with_the_field_and_no_worker_notices(place: Place) -> None:
    place.apply()
    place.until("ScaledToZero")
    template = place.get("deployment", "documents-default")["spec"]["template"]
    patched(place, GATEWAY)
    assert "2 of 2 gateways are ready, at http://documents-gateway." in place.until(
        "GatewayServing", kind="GatewayReady"
    )
    assert of_gateways(place) == MADE
    assert replicas(place) == 2
    assert place.row()[1:3] == ["True", "ScaledToZero"]
    patched(place, None)
    eventually(lambda: of_gateways(place) == set(), REPAIR_SECONDS)
    eventually(lambda: "GatewayReady" not in conditions(place), REPAIR_SECONDS)
    assert place.get("deployment", "documents-default")["spec"]["template"] == template


def test_the_number_is_an_autoscalers_until_the_pool_says_another(place: Place) -> None:
    place.apply(gateway=GATEWAY)
    place.until("GatewayServing", kind="GatewayReady")
    place.kubectl("scale", "deployment", DEPLOYMENT, "--replicas=5")
    patched(place, GATEWAY | {"maxWait": "1m"})
    variables = place.get("deployment", DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "LANEWAY_GATEWAY_MAX_WAIT", "value": "1m"} in variables
    assert replicas(place) == 5
    patched(place, GATEWAY | {"replicas": 3})
    eventually(lambda: replicas(place) == 3, REPAIR_SECONDS)
    place.kubectl("scale", "deployment", DEPLOYMENT, "--replicas=4")
    patched(place, GATEWAY | {"replicas": 3, "anonymousCatalogue": True})
    assert replicas(place) == 4


@pytest.mark.parametrize("kind", ["service", "poddisruptionbudget", "networkpolicy", "serviceaccount"])
def test_what_was_deleted_is_back_in_seconds(place: Place, kind: str) -> None:
    place.apply(gateway=GATEWAY)
    place.until("GatewayServing", kind="GatewayReady")
    (name,) = (each.partition("/")[2] for each in MADE if each.partition("/")[0].partition(".")[0] == kind)
    uid = place.get(kind, name)["metadata"]["uid"]
    place.kubectl("delete", kind, name)
    eventually(lambda: place.get(kind, name).get("metadata", {}).get("uid", uid) != uid, REPAIR_SECONDS)


def test_a_service_whose_way_was_changed_by_hand_leads_to_the_gateways_again(place: Place) -> None:
    place.apply(gateway=GATEWAY)
    place.until("GatewayServing", kind="GatewayReady")
    selector = place.get("service", SERVICE)["spec"]["selector"]
    patch = json.dumps({"spec": {"selector": {"app.kubernetes.io/component": "worker"}}})
    place.kubectl("patch", "service", SERVICE, "--type=merge", f"--patch={patch}")
    eventually(lambda: place.get("service", SERVICE)["spec"]["selector"] == selector, REPAIR_SECONDS)


def test_a_service_of_somebody_is_left_alone_and_told(place: Place) -> None:
    place.kubectl("create", "service", "clusterip", SERVICE, "--tcp=80")
    place.apply(gateway=GATEWAY)
    assert "there is a Service documents-gateway that is not this pool's" in place.until(
        "GatewayRefused", kind="GatewayReady"
    )
    assert place.until("ScaledToZero").startswith("True")
    assert "app.kubernetes.io/component" not in place.get("service", SERVICE)["metadata"]["labels"]
    place.kubectl("delete", "service", SERVICE)
    place.until("GatewayServing", kind="GatewayReady", seconds=RETRY_SECONDS)


def test_an_operator_that_may_make_none_says_so_and_serves_the_pool(operated: Operated, place: Place) -> None:
    operated.start(gateways=False)
    try:
        place.apply(gateway=GATEWAY)
        assert "Set `gateways.enabled` in the operator's Helm values" in place.until("GatewaysOff", kind="GatewayReady")
        assert place.until("ScaledToZero").startswith("True")
        assert of_gateways(place) == set()
    finally:
        operated.start()
    place.until("GatewayServing", kind="GatewayReady")


def test_a_pool_is_deleted_with_its_gateways(place: Place) -> None:
    place.apply(gateway=GATEWAY)
    place.until("GatewayServing", kind="GatewayReady")
    place.kubectl("delete", "lwp", "documents")
    eventually(lambda: of_gateways(place) == set(), RETRY_SECONDS)
