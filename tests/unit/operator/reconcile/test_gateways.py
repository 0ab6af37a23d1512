"""Gateways come with a pool's field, go with it, and keep nothing else of the pool from being so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from laneway_operator.reasons import Reason
from support.inputs.pools import NAMESPACE, pool_with
from support.operator.in_memory import GATED, SETTINGS, OperatedPool

if TYPE_CHECKING:
    from laneway_operator.settings import Settings

WALLED = replace(GATED, network_policies=True)
DEPLOYMENT = "documents-gateway-for-all-lanes"
MADE = {
    f"Deployment {DEPLOYMENT}",
    f"PodDisruptionBudget {DEPLOYMENT}",
    "NetworkPolicy laneway-gateway-documents",
    "Service documents-gateway",
    "ServiceAccount laneway-gateway-documents",
}


def pool_of(settings: Settings = WALLED, **gateway: Any) -> OperatedPool:
    """A pool with gateways that is applied and sleeps."""
    pool = OperatedPool(gated(**gateway), settings)
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    return pool


def gated(**gateway: Any) -> dict[str, Any]:
    return pool_with(gateway={"keys": {"secretName": "keys"}} | gateway)


def of_gateways(pool: OperatedPool) -> set[str]:
    marks = ((kind, name, body["metadata"]["labels"]) for (kind, _, name), body in pool.cluster.objects.items())
    return {f"{kind} {name}" for kind, name, labels in marks if labels.get("app.kubernetes.io/component") == "gateway"}


def test_gateways_come_and_go_with_the_field() -> None:
    pool = pool_of()
    assert of_gateways(pool) == MADE
    assert pool.again() == []
    pool.change(pool_with())
    wrote = pool.again()
    assert {each.removeprefix("delete ") for each in wrote if each.startswith("delete ")} == MADE
    assert {each for each in wrote if each.startswith("apply ")} == {"apply NetworkPolicy laneway-worker-documents"}
    assert of_gateways(pool) == set()
    assert "GatewayReady" not in {each["type"] for each in pool.status["conditions"]}


def test_gateways_that_are_turned_off_leave_the_pool_as_it_is_and_say_why() -> None:
    pool = pool_of(SETTINGS)
    assert of_gateways(pool) == set()
    assert pool.reconcile() is False
    assert pool.condition("Ready")[:2] == ("True", Reason.SCALED_TO_ZERO)
    status, reason, message = pool.condition("GatewayReady")
    assert (status, reason) == ("False", Reason.GATEWAYS_OFF)
    assert "Set `gateways.enabled` in the operator's Helm values" in message


def test_a_service_of_somebody_else_is_left_alone_and_the_pool_is_ready() -> None:
    pool = OperatedPool(gated(), WALLED)
    somebodys = {"metadata": {"namespace": NAMESPACE, "name": "documents-gateway", "uid": "a", "labels": {}}}
    pool.cluster.objects["Service", NAMESPACE, "documents-gateway"] = somebodys
    assert pool.reconcile() is True
    pool.come_up()
    pool.reconcile()
    assert pool.cluster.objects["Service", NAMESPACE, "documents-gateway"] == somebodys
    assert of_gateways(pool) == MADE - {"Service documents-gateway"}
    assert pool.condition("Ready")[:2] == ("True", Reason.SCALED_TO_ZERO)
    assert pool.condition("GatewayReady")[:2] == ("False", Reason.GATEWAY_REFUSED)
    assert "there is a Service documents-gateway that is not this pool's" in pool.condition("GatewayReady")[2]


def test_what_the_api_server_refuses_of_gateways_keeps_no_lane_from_being_made() -> None:
    pool = OperatedPool(gated(), WALLED)
    pool.cluster.refusals["Deployment", DEPLOYMENT] = "denied by policy no-secrets"
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    assert pool.condition("SpecAccepted")[:2] == ("True", Reason.ACCEPTED)
    assert "denied by policy no-secrets" in pool.condition("GatewayReady")[2]


def test_what_can_not_be_read_any_more_leaves_gateways_at_work_and_tells_of_them() -> None:
    pool = pool_of()
    found = pool.cluster.objects["Deployment", NAMESPACE, DEPLOYMENT]
    found["status"], found["spec"]["replicas"] = {"readyReplicas": 2}, 2
    pool.change(pool_with(model={}, gateway={"keys": {"secretName": "keys"}}))
    pool.reconcile()
    assert of_gateways(pool) == MADE
    assert pool.condition("Ready")[:2] == ("False", Reason.INVALID_SPEC)
    assert pool.condition("GatewayReady")[:2] == ("True", Reason.GATEWAY_SERVING)
