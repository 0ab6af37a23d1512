from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from laneway.schema.shared.names import COMPONENT_LABEL
from laneway_gateway.app.life import CLOSE_SECONDS, PAUSE_SECONDS
from laneway_gateway.settings import VARIABLES, read_settings
from laneway_operator.known.digest import digest_of_manifest
from laneway_operator.render import render
from laneway_operator.render.meta import gateway_name, lane_child_name
from support.inputs.pools import named, pool_with
from support.operator.in_memory import EMULATED, GATED, SETTINGS, pool_view
from support.operator.policies import labels_of_pods, of_component, rules

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView
    from laneway_operator.settings import Settings

KEYS = {"secretName": "documents-keys"}
WALLED = replace(GATED, network_policies=True)
REPLIES = [{"port": 8443, "protocol": "TCP"}]
DOORS = [{"port": 8000, "protocol": "TCP"}]
DEFAULT = {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "192Mi"}}


def gated(settings: Settings = GATED, **fields: Any) -> PoolView:
    """A pool with a gateway."""
    return pool_view(named(pool_with(gateway={"keys": KEYS} | fields)), settings)


def of_gateways(view: PoolView) -> dict[str, Manifest]:
    found = [each for each in render(view) if each["metadata"]["labels"].get(COMPONENT_LABEL) == "gateway"]
    return {each["kind"]: each for each in found}


def container(view: PoolView) -> Manifest:
    (found,) = of_gateways(view)["Deployment"]["spec"]["template"]["spec"]["containers"]
    return dict(found)


def variables(view: PoolView) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container(view)["env"]}


def test_a_pool_has_gateways_where_it_says_so_and_helm_values_let_it() -> None:
    assert set(of_gateways(gated(WALLED))) == {
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }
    assert of_gateways(gated(replace(SETTINGS, network_policies=True))) == {}
    assert of_gateways(pool_view(named(pool_with()), WALLED)) == {}


def test_a_gateway_that_comes_or_goes_touches_nothing_else_but_what_workers_may_reach() -> None:
    def digests(view: PoolView) -> dict[tuple[str, str], str]:
        return {(each["kind"], each["metadata"]["name"]): digest_of_manifest(each) for each in render(view)}

    without, having = digests(pool_view(named(pool_with()), WALLED)), digests(gated(WALLED))
    assert {key for key in without if without[key] != having[key]} == {("NetworkPolicy", "laneway-worker-documents")}


def test_the_process_is_told_what_it_reads() -> None:
    told = variables(gated(maxWait="90s", edgeIdleTimeout="1h", anonymousCatalogue=True, lanes={"tasks": "default"}))
    assert told == {
        "AWS_REGION": "eu-west-1",
        "LANEWAY_GATEWAY_ADDRESS": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}},
        "LANEWAY_GATEWAY_ANONYMOUS_CATALOGUE": "true",
        "LANEWAY_GATEWAY_DRAIN": "30m",
        "LANEWAY_GATEWAY_EDGE_IDLE_TIMEOUT": "1h",
        "LANEWAY_GATEWAY_KEYS": "/etc/laneway-keys/keys.json",
        "LANEWAY_GATEWAY_LANES": "tasks=default",
        "LANEWAY_GATEWAY_LISTEN": "[::]:8000",
        "LANEWAY_GATEWAY_MAX_WAIT": "1m30s",
        "LANEWAY_GATEWAY_MEMORY": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}},
        "LANEWAY_GATEWAY_PROBES": "[::]:8080",
        "LANEWAY_GATEWAY_REPLIES_PORT": "8443",
        "LANEWAY_POOL": "s3://acme-llm/documents",
    }
    assert not {"LANEWAY_GATEWAY_MAX_WAIT", "LANEWAY_GATEWAY_LANES"} & variables(gated()).keys()


def test_the_process_reads_what_it_is_told_and_stops_before_it_is_killed() -> None:
    told = {
        name: value
        for name, value in variables(gated(maxWait="90s", lanes={"flex": "default"})).items()
        if isinstance(value, str)
    }
    settings = read_settings(told | {"LANEWAY_GATEWAY_ADDRESS": "10.0.12.7"})
    ports = {each["name"]: each["containerPort"] for each in container(gated())["ports"]}
    assert settings.probes is not None
    assert (settings.listen.port, settings.replies_port, settings.probes.port) == (8000, 8443, 8080)
    assert set(ports.values()) == {8000, 8443, 8080}
    assert settings.lanes_for == {"flex": "default"}
    assert (settings.edge_idle_seconds, settings.max_wait_seconds, settings.drain_seconds) == (60, 90, 1800)
    grace = of_gateways(gated())["Deployment"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert PAUSE_SECONDS + settings.drain_seconds + CLOSE_SECONDS < grace


def test_every_variable_but_one_is_of_the_process() -> None:
    known = {each.name for each in VARIABLES} - {"LANEWAY_GATEWAY_MAX_HELD"}
    told = {name for name in variables(gated(maxWait="1m", lanes={"flex": "default"})) if name.startswith("LANEWAY_")}
    assert told == known


def test_the_pools_region_is_the_gateways_and_an_emulator_is_theirs_too() -> None:
    assert (
        variables(pool_view(named(pool_with(gateway={"keys": KEYS}, aws={"region": "eu-central-1"})), GATED))[
            "AWS_REGION"
        ]
        == "eu-central-1"
    )
    told = variables(gated(replace(EMULATED, gateways=GATED.gateways)))
    assert told["AWS_ENDPOINT_URL"] == "http://aws.emulator:4566"
    assert told["AWS_ACCESS_KEY_ID"]["secretKeyRef"]["name"] == "aws-emulator"


def test_the_keys_may_come_later_and_a_change_of_them_reaches_the_process() -> None:
    """The kubelet brings no change to a file that is mounted alone, by `subPath`."""
    pod = of_gateways(gated(keys=KEYS | {"key": "teams.json"}))["Deployment"]["spec"]["template"]["spec"]
    (volume,) = (each["secret"] for each in pod["volumes"] if "secret" in each)
    assert (volume["secretName"], volume["optional"]) == ("documents-keys", True)
    assert volume["items"] == [{"key": "teams.json", "path": "keys.json"}]
    (mount,) = (each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "keys")
    assert (mount["mountPath"], mount["readOnly"]) == ("/etc/laneway-keys", True)
    assert "subPath" not in mount


def test_the_number_of_gateways_is_said_once_and_owned_by_nobody() -> None:
    found = of_gateways(gated(replicas=3))["Deployment"]
    assert found["metadata"]["annotations"] == {"laneway.dev/replicas": "3"}
    assert "replicas" not in found["spec"]


def test_one_leaves_when_another_is_ready_and_has_as_long_as_any_worker_may_take() -> None:
    spec = of_gateways(gated())["Deployment"]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": 0}
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 1830
    assert variables(gated())["LANEWAY_GATEWAY_DRAIN"] == "30m"


def test_service_budget_and_spread_are_of_the_gateways_and_of_no_other_pod() -> None:
    view = gated(WALLED)
    mine, found = of_component(view, "gateway"), of_gateways(view)
    spread = found["Deployment"]["spec"]["template"]["spec"]["topologySpreadConstraints"]
    selectors = [
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        found["Deployment"]["spec"]["selector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in spread),
    ]
    for selector in selectors:
        assert [each for each in labels_of_pods(view) if selector.items() <= each.items()] == [mine]
    assert {each["topologyKey"] for each in spread} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert {each["whenUnsatisfiable"] for each in spread} == {"ScheduleAnyway"}


def test_the_service_leads_to_the_doors_alone() -> None:
    found = of_gateways(gated(service={"annotations": {"team": "a"}}))
    ports = {each["name"]: each["containerPort"] for each in container(gated())["ports"]}
    (port,) = found["Service"]["spec"]["ports"]
    assert (port["port"], ports[port["targetPort"]]) == (80, 8000)
    assert found["Service"]["metadata"]["name"] == "documents-gateway"
    assert found["Service"]["metadata"]["annotations"] == {"team": "a"}
    assert found["Service"]["spec"]["type"] == "ClusterIP"
    assert (ports["replies"], ports["health"]) == (8443, 8080)


def test_gateways_are_neither_workers_nor_the_preflight_on_aws() -> None:
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/gateway"}
    own = {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/worker"}}
    document = named(pool_with(serviceAccount=own, gateway={"keys": KEYS, "serviceAccount": {"annotations": role}}))
    found = of_gateways(pool_view(document, GATED))
    assert found["ServiceAccount"]["metadata"]["name"] == "laneway-gateway-documents"
    assert found["ServiceAccount"]["metadata"]["annotations"] == role
    assert found["Deployment"]["spec"]["template"]["spec"]["serviceAccountName"] == "laneway-gateway-documents"


def test_workers_alone_reach_the_port_of_replies_and_gateways_alone_by_it() -> None:
    view = gated(WALLED)
    gateway, worker = of_component(view, "gateway"), of_component(view, "worker")
    (let_in,) = (each for each in rules(view, gateway, "ingress") if each["ports"] == REPLIES)
    (let_out,) = (each for each in rules(view, worker, "egress") if each["ports"] == REPLIES)
    ((source,), (target,)) = let_in["from"], let_out["to"]
    assert source["podSelector"]["matchLabels"].items() <= worker.items()
    assert [each["key"] for each in source["podSelector"]["matchExpressions"]] == ["laneway.dev/lane"]
    assert target == {"podSelector": {"matchLabels": target["podSelector"]["matchLabels"]}}
    assert [each for each in labels_of_pods(view) if target["podSelector"]["matchLabels"].items() <= each.items()] == [
        gateway
    ]
    for component in ("preflight", "dead-letters", "gateway"):
        assert REPLIES not in [each["ports"] for each in rules(view, of_component(view, component), "egress")]
    without = pool_view(named(pool_with()), WALLED)
    assert REPLIES not in [each["ports"] for each in rules(without, of_component(without, "worker"), "egress")]


def test_gateways_reach_names_and_aws_and_nothing_else() -> None:
    view = gated(WALLED)
    ports = {port["port"] for each in rules(view, of_component(view, "gateway"), "egress") for port in each["ports"]}
    assert ports == {53, 80, 443}
    (identity,) = (
        each for each in rules(view, of_component(view, "gateway"), "egress") if each["ports"][0]["port"] == 80
    )
    assert {each["ipBlock"]["cidr"] for each in identity["to"]} == {"169.254.170.23/32", "fd00:ec2::23/128"}


def test_the_doors_are_open_to_whom_helm_values_name_or_to_whoever_has_a_key() -> None:
    peers = ({"ipBlock": {"cidr": "10.0.0.0/16"}},)
    assert GATED.gateways is not None
    stated = replace(WALLED, gateways=replace(GATED.gateways, doors_open_to=peers))
    for settings, expected in ((WALLED, None), (stated, list(peers))):
        view = gated(settings)
        found = rules(view, of_component(view, "gateway"), "ingress")
        (doors,) = (each for each in found if each["ports"] == DOORS)
        assert doors.get("from") == expected


@pytest.mark.parametrize(
    ("resources", "rendered"),
    [
        ({}, DEFAULT),
        ({"requests": {"cpu": 2}}, DEFAULT | {"requests": {"cpu": "2", "memory": "192Mi"}}),
        (
            {"requests": {"memory": "1Gi"}},
            {"limits": {"memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "1Gi"}},
        ),
        (
            {"limits": {"memory": "128Mi", "cpu": "50m"}},
            {"limits": {"cpu": "50m", "memory": "128Mi"}, "requests": {"cpu": "50m", "memory": "128Mi"}},
        ),
        (
            {"requests": {"ephemeral-storage": "1Gi"}},
            DEFAULT | {"requests": {"cpu": "100m", "memory": "192Mi", "ephemeral-storage": "1Gi"}},
        ),
    ],
)
def test_a_gateway_asks_for_what_the_pool_says_and_for_no_more_than_its_limit(
    resources: dict[str, Any], rendered: dict[str, Any]
) -> None:
    assert container(gated(resources=resources))["resources"] == rendered


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", fullmatch=True)


@example("documents", "gateway")
@example("documents", "gateway-for-all-lane")  # of 20 characters
@given(NAMES.filter(lambda name: len(name) <= 40), NAMES.filter(lambda name: len(name) <= 20))
def test_no_lane_has_the_gateways_name(pool: str, lane: str) -> None:
    assert gateway_name(pool) != lane_child_name(pool, lane)
    assert len(gateway_name(pool)) <= 46
