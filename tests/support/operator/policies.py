"""NetworkPolicies as a cluster reads them: what selects a pod adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import COMPONENT_LABEL
from laneway_operator.render import render

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView


def labels_of_pods(view: PoolView) -> list[dict[str, str]]:
    """Of each kind of pod that is rendered for a pool."""
    specs = [each.get("spec", {}) for each in render(view)]
    return [each["template"]["metadata"]["labels"] for each in specs if "template" in each]


def of_component(view: PoolView, component: str) -> dict[str, str]:
    """The labels of one such pod."""
    return next(each for each in labels_of_pods(view) if each[COMPONENT_LABEL] == component)


def rules(view: PoolView, labels: dict[str, str], direction: str) -> list[dict[str, Any]]:
    """All `egress` or `ingress` rules for a pod with these labels; raises where no policy holds it back."""
    bound = [each for each in render(view) if each["kind"] == "NetworkPolicy" and _selects(each, labels)]
    assert bound, "a pod that no policy selects may do anything"
    assert all(each["spec"]["policyTypes"] == ["Ingress", "Egress"] for each in bound)
    return [rule for each in bound for rule in each["spec"].get(direction, [])]


def _selects(policy: Manifest, labels: dict[str, str]) -> bool:
    selector = policy["spec"]["podSelector"]
    assert all(each["operator"] == "Exists" for each in selector.get("matchExpressions", []))
    wanted = {each["key"] for each in selector.get("matchExpressions", [])}
    return bool(selector["matchLabels"].items() <= labels.items()) and wanted <= labels.keys()
