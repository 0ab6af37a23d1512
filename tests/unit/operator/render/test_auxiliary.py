"""Where pods without an engine run, and what they ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.shared.names import COMPONENT_LABEL
from laneway_operator.auxiliary import parse_auxiliary
from laneway_operator.render import render
from support.golden import AUXILIARY
from support.inputs.pools import named, pool_with
from support.operator.in_memory import GATED, SETTINGS, TABLED, pool_view

if TYPE_CHECKING:
    from laneway_operator.auxiliary import Auxiliary
    from laneway_operator.render.view import Manifest

KEYS = {"keys": {"secretName": "documents-keys"}}
DATABASE = {"postgres": {"secretName": "documents-db"}}
PLACEMENT = {"nodeSelector", "tolerations", "affinity"}
OTHERS = {"preflight", "dead-letters", "gateway", "projector"}


def pods(auxiliary: Auxiliary, **gateway: Any) -> dict[str, Manifest]:
    """Component → its pod."""
    settings = replace(SETTINGS, auxiliary=auxiliary, gateways=GATED.gateways, tables=TABLED.tables)
    view = pool_view(named(pool_with(gateway=KEYS | gateway, table=DATABASE)), settings)
    templates = [each["spec"]["template"] for each in render(view) if each["kind"] in {"Deployment", "Job"}]
    return {each["metadata"]["labels"][COMPONENT_LABEL]: each["spec"] for each in templates}


def resources(auxiliary: dict[str, Any], component: str, **gateway: Any) -> Manifest:
    (container,) = pods(parse_auxiliary({"resources": auxiliary}), **gateway)[component]["containers"]
    return dict(container["resources"])


def test_every_pod_without_an_engine_goes_where_the_platform_team_says_and_no_worker_does() -> None:
    said = AUXILIARY.model_dump(mode="json", by_alias=True, exclude_none=True)
    found = pods(AUXILIARY)
    assert found.keys() == OTHERS | {"worker"}
    for component in OTHERS:
        assert {name: found[component].get(name) for name in PLACEMENT} == {name: said[name] for name in PLACEMENT}
    assert not PLACEMENT & found["worker"].keys()


def test_where_nothing_is_said_they_go_anywhere() -> None:
    assert all(not PLACEMENT & each.keys() for each in pods(parse_auxiliary({})).values())


@pytest.mark.parametrize("component", sorted(OTHERS))
def test_a_quota_on_cpu_lets_them_in_where_they_have_a_limit(component: str) -> None:
    assert resources({"limits": {"cpu": 1}}, component)["limits"]["cpu"] == "1"


@pytest.mark.parametrize(
    ("said", "rendered"),
    [
        ({}, {"limits": {"memory": "256Mi"}, "requests": {"cpu": "50m", "memory": "96Mi"}}),
        (
            {"limits": {"cpu": "20m", "memory": "64Mi"}},
            {"limits": {"cpu": "20m", "memory": "64Mi"}, "requests": {"cpu": "20m", "memory": "64Mi"}},
        ),
        (
            {"requests": {"memory": "1Gi", "ephemeral-storage": "300Mi"}},
            {
                "limits": {"memory": "1Gi"},
                "requests": {"cpu": "50m", "memory": "1Gi", "ephemeral-storage": "300Mi"},
            },
        ),
    ],
)
def test_defaults_give_way_and_nothing_is_asked_for_beyond_its_limit(said: Manifest, rendered: Manifest) -> None:
    assert resources(said, "preflight") == rendered


def test_what_a_pool_says_of_its_gateways_stands_above_it() -> None:
    helm = {"limits": {"cpu": 1}, "requests": {"memory": "1Gi", "cpu": "10m"}}
    found = resources(helm, "gateway", resources={"limits": {"memory": "256Mi"}, "requests": {"cpu": 2}})
    assert found == {"limits": {"cpu": "2", "memory": "256Mi"}, "requests": {"cpu": "2", "memory": "256Mi"}}
