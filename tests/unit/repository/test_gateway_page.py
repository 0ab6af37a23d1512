"""What the page on gateways and its examples say fits what is rendered, and each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from laneway.schema.pool.gateway import Gateway
from laneway.schema.pool.pool import parse_pool
from laneway_operator.render import render
from laneway_operator.render.gateway.deployment import DRAIN_SECONDS, GRACE_SECONDS
from laneway_operator.render.meta import gateway_name, gateway_service_name
from support.inputs.profiles import profile_specs
from support.operator.in_memory import GATED, pool_view
from support.pages import under, yaml_blocks

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/howto/gateway.md"
BLOCKS = yaml_blocks(PAGE)
(DOCUMENT,) = map(yaml.safe_load, under(BLOCKS, "Give the pool one"))
POOL = parse_pool(DOCUMENT)
MANIFESTS = render(pool_view(DOCUMENT, GATED, profiles=profile_specs({"g5": {}})))
ALB = "alb.ingress.kubernetes.io/"


def rendered(kind: str) -> dict[str, Any]:
    found = [each for each in MANIFESTS if each["kind"] == kind]
    return next(each for each in found if each["metadata"]["labels"].get("app.kubernetes.io/component") == "gateway")


def example(file: str, kind: str) -> dict[str, Any]:
    found = list(yaml.safe_load_all((ROOT / "examples/eks" / file).read_text()))
    return dict(next(each for each in found if each["kind"] == kind))


def attributes(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (each.partition("=") for each in text.split(","))}


INGRESS = example("gateway-ingress.yaml", "Ingress")
ANNOTATIONS = {name.removeprefix(ALB): value for name, value in INGRESS["metadata"]["annotations"].items()}
TARGETS = example("gateway-api.yaml", "TargetGroupConfiguration")["spec"]
BALANCER = example("gateway-api.yaml", "LoadBalancerConfiguration")["spec"]


def test_the_pool_of_the_page_has_the_gateway_that_the_page_tells_of() -> None:
    gateway = POOL.spec.gateway
    assert gateway is not None
    assert (gateway.replicas, gateway.keys.secret_name) == (2, "documents-keys")
    assert f"http://{gateway_service_name(POOL.metadata.name)}.nlp" in PAGE.read_text()


@pytest.mark.parametrize("text", under(BLOCKS, "Rights on AWS"))
def test_a_part_of_a_pool_is_a_gateway(text: str) -> None:
    assert Gateway.model_validate_json(json.dumps(yaml.safe_load(text)["gateway"])).service_account.annotations


def test_the_autoscaler_of_the_page_scales_the_deployment_and_keeps_its_floor() -> None:
    (scaler,) = map(yaml.safe_load, under(BLOCKS, "How many"))
    assert scaler["spec"]["scaleTargetRef"] == {"name": gateway_name("documents")}
    assert rendered("Deployment")["metadata"]["name"] == gateway_name("documents")
    assert scaler["spec"]["minReplicaCount"] == 2
    assert scaler["metadata"]["namespace"] == POOL.metadata.namespace


def test_the_times_of_the_page_are_those_of_the_pods() -> None:
    words = " ".join(PAGE.read_text().split())
    assert f"go on for up to {DRAIN_SECONDS // 60} minutes" in words
    assert f"After {GRACE_SECONDS} s at most" in words


@pytest.mark.parametrize(
    "namespace", [INGRESS["metadata"]["namespace"], example("gateway-api.yaml", "HTTPRoute")["metadata"]["namespace"]]
)
def test_an_example_stands_beside_the_pool(namespace: str) -> None:
    assert namespace == POOL.metadata.namespace


def test_the_ingress_leads_to_the_service_and_asks_the_pods_readiness() -> None:
    (path,) = INGRESS["spec"]["rules"][0]["http"]["paths"]
    backend, service = path["backend"]["service"], rendered("Service")
    assert backend["name"] == service["metadata"]["name"]
    assert backend["port"]["name"] in {each["name"] for each in service["spec"]["ports"]}
    probe = rendered("Deployment")["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["httpGet"]
    assert (ANNOTATIONS["healthcheck-port"], ANNOTATIONS["healthcheck-path"]) == (str(probe["port"]), probe["path"])
    health = TARGETS["defaultConfiguration"]["healthCheckConfig"]
    assert (health["healthCheckPort"], health["healthCheckPath"]) == (str(probe["port"]), probe["path"])


def test_the_route_leads_to_the_service_by_the_gateway() -> None:
    route, gateway = (example("gateway-api.yaml", kind)["spec"] for kind in ("HTTPRoute", "Gateway"))
    (rule,) = route["rules"]
    (backend,) = rule["backendRefs"]
    service = rendered("Service")
    assert backend == {"name": service["metadata"]["name"], "port": service["spec"]["ports"][0]["port"]}
    assert TARGETS["targetReference"]["name"] == backend["name"]
    assert rule["timeouts"] == {"request": "0s", "backendRequest": "0s"}
    assert route["parentRefs"][0]["sectionName"] in {each["name"] for each in gateway["listeners"]}
    assert gateway["infrastructure"]["parametersRef"]["name"] == "documents-gateway"


def test_the_load_balancer_is_as_patient_as_the_pool_says_and_lets_a_gateway_finish() -> None:
    gateway = POOL.spec.gateway
    assert gateway is not None
    by_api = {each["key"]: each["value"] for each in BALANCER["loadBalancerAttributes"]}
    for found in (attributes(ANNOTATIONS["load-balancer-attributes"]), by_api):
        assert int(found["idle_timeout.timeout_seconds"]) == gateway.edge_idle_timeout
    by_api = {each["key"]: each["value"] for each in TARGETS["defaultConfiguration"]["targetGroupAttributes"]}
    for found in (attributes(ANNOTATIONS["target-group-attributes"]), by_api):
        assert DRAIN_SECONDS < int(found["deregistration_delay.timeout_seconds"]) < GRACE_SECONDS
