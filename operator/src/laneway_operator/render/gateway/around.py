"""Who the gateways of a pool are, how they are found, and how many may leave at once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.shared.names import gateway_account_name
from laneway_operator.kinds import POLICY_GROUP
from laneway_operator.render.access import account_called
from laneway_operator.render.gateway.deployment import DOORS, selector
from laneway_operator.render.meta import Component, gateway_name, gateway_service_name, metadata

if TYPE_CHECKING:
    from laneway.schema.pool.gateway import Gateway
    from laneway_operator.render.view import Manifest, PoolView

SERVICE_PORT = 80


def account(pool: PoolView, gateway: Gateway) -> Manifest:
    """An identity of their own: they send jobs, and alone write whose a job is."""
    name = gateway_account_name(pool.name)
    return account_called(pool, name, gateway.service_account.annotations, Component.GATEWAY)


def service(pool: PoolView, gateway: Gateway) -> Manifest:
    """The doors alone: workers reach each gateway by its own address. Clients of a zone stay in it where they can."""
    annotations = gateway.service.annotations
    found = metadata(pool, gateway_service_name(pool.name), component=Component.GATEWAY)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": found | ({"annotations": annotations} if annotations else {}),
        "spec": {
            "ports": [
                {"name": "http", "appProtocol": "http", "port": SERVICE_PORT, "protocol": "TCP", "targetPort": DOORS}
            ],
            "selector": selector(pool),
            "trafficDistribution": "PreferClose",
            "type": "ClusterIP",
        },
    }


def budget(pool: PoolView) -> Manifest:
    """One at a time leaves its node; one that isn't ready holds up no drain."""
    return {
        "apiVersion": f"{POLICY_GROUP}/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(pool, gateway_name(pool.name), component=Component.GATEWAY),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(pool)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
