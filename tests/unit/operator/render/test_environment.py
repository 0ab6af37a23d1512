"""What the containers that call AWS are told by Helm values, and what it opens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.shared.names import COMPONENT_LABEL
from laneway_operator.render import render
from support.golden import PROXIED
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
