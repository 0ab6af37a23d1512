"""On which nodes a pod may run, and on which rather. Pure.

Of several required terms a node has to meet one. Karpenter makes nodes for the first that it can, in the order written;
the scheduler follows the weights, among nodes that there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_operator.placement.nodes import Nodes
    from laneway_operator.render.view import Manifest

HEAVIEST = 100  # Kubernetes: the most that a preference may weigh; halves outweigh all that follow
PAIR = 2


def placement(nodes: Nodes) -> Manifest:
    """Selector or affinity, and tolerations."""
    found: Manifest = {}
    if len(nodes.selectors) > 1:
        found = _affinity(nodes.selectors)
    elif nodes.selectors[0]:
        found["nodeSelector"] = nodes.selectors[0]
    if nodes.tolerations:
        found["tolerations"] = [each.model_dump(by_alias=True, exclude_none=True) for each in nodes.tolerations]
    return found


def _affinity(selectors: tuple[dict[str, str], ...]) -> Manifest:
    """Where any node will do, nothing is required: a term without labels would match no node at all.

    Weights beside three required terms would make Karpenter skip the middle one: it drops terms before weights.
    """
    terms = [_term(each) for each in selectors if each]
    anywhere = len(terms) < len(selectors)
    node: Manifest = {}
    if terms and (anywhere or len(terms) == PAIR):
        node["preferredDuringSchedulingIgnoredDuringExecution"] = [
            {"preference": term, "weight": HEAVIEST >> place} for place, term in enumerate(terms)
        ]
    if not anywhere:
        node["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
    return {"affinity": {"nodeAffinity": node}} if node else {}


def _term(selector: dict[str, str]) -> Manifest:
    return {"matchExpressions": [{"key": key, "operator": "In", "values": [selector[key]]} for key in sorted(selector)]}
