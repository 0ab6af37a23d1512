"""What the containers that call AWS are told by Helm values, and what it opens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.shared.names import COMPONENT_LABEL
from laneway_operator.render import render
from laneway_operator.render.pods import TRUSTED_BY
from support.golden import PROXIED, TRUSTED
from support.inputs.pools import named, pool_with
from support.operator.in_memory import EMULATED, GATED, SETTINGS, TABLED, pool_view
from support.operator.policies import of_component, rules

if TYPE_CHECKING:
    from laneway_operator.render.view import PoolView
    from laneway_operator.settings import Settings

COMPONENTS = ("worker", "preflight", "dead-letters", "gateway", "projector")
TOLD = [{"name": name, "value": value} for name, value in PROXIED.items()]


def proxied(settings: Settings = SETTINGS) -> PoolView:
    settings = replace(settings, pool_env=PROXIED, network_policies=True, gateways=GATED.gateways, tables=TABLED.tables)
    document = pool_with(gateway={"keys": {"secretName": "keys"}}, table={"postgres": {"secretName": "db"}})
    return pool_view(named(document), settings)


def trusting(settings: Settings = SETTINGS) -> PoolView:
    settings = replace(settings, ca_bundle=TRUSTED, gateways=GATED.gateways, tables=TABLED.tables)
    document = pool_with(gateway={"keys": {"secretName": "keys"}}, table={"postgres": {"secretName": "db"}})
    return pool_view(named(document), settings)


def containers(view: PoolView) -> dict[str, dict[str, Any]]:
    """Component → its first container; Ollama."""
    templates = [each["spec"]["template"] for each in render(view) if each["kind"] in {"Deployment", "Job"}]
    found = {each["metadata"]["labels"][COMPONENT_LABEL]: each["spec"]["containers"][0] for each in templates}
    ollama = [sidecar for each in templates for sidecar in each["spec"].get("initContainers", ())]
    return found | {"ollama": ollama[0]}


def test_whatever_calls_aws_is_told_and_ollama_is_not() -> None:
    found = containers(proxied())
    for component in COMPONENTS:
        assert [each for each in found[component]["env"] if each in TOLD] == TOLD, component
    assert not [each for each in found["ollama"]["env"] if each["name"] in PROXIED]


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize(("settings", "reached"), [(SETTINGS, {3128}), (EMULATED, set())], ids=["aws", "emulator"])
def test_a_policy_lets_out_to_the_proxy_of_aws(component: str, settings: Settings, reached: set[int]) -> None:
    view = proxied(settings)
    found = rules(view, of_component(view, component), "egress")
    assert {port["port"] for rule in found for port in rule["ports"]} & {3128} == reached


@pytest.mark.parametrize("component", [*COMPONENTS, "ollama"])
@pytest.mark.parametrize("settings", [SETTINGS, EMULATED], ids=["aws", "emulator"])
def test_whatever_speaks_tls_to_the_outside_believes_the_authorities_of_helm_values(
    component: str, settings: Settings
) -> None:
    found = containers(trusting(settings))[component]
    told = {each["name"]: each.get("value") for each in found["env"] if each["name"] in TRUSTED_BY}
    names = TRUSTED_BY if component != "ollama" else ("SSL_CERT_FILE",)  # it asks the registry, and never AWS
    assert told == dict.fromkeys(names, "/etc/laneway-trust/ca.pem")
    (mount,) = (each for each in found["volumeMounts"] if each["name"] == "trust")
    assert mount == {"name": "trust", "mountPath": "/etc/laneway-trust", "readOnly": True}


def test_the_authorities_come_from_the_one_key_of_a_config_map() -> None:
    wanted = {"name": "acme-trust", "items": [{"key": "bundle.pem", "path": "ca.pem"}]}
    templates = [each["spec"]["template"] for each in render(trusting()) if each["kind"] in {"Deployment", "Job"}]
    assert len(templates) == len(COMPONENTS)
    for each in templates:
        (volume,) = (volume for volume in each["spec"]["volumes"] if volume["name"] == "trust")
        assert volume["configMap"] == wanted


def test_where_none_are_named_images_trust_whom_they_trust() -> None:
    text = str(render(proxied()))
    assert [each for each in (*TRUSTED_BY, "laneway-trust") if each in text] == []
