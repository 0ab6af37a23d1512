"""Pods of pools that have no engine: preflight, dead-letter handler, gateways, projector. Where they run and what they
ask for is declared once by the platform team, in the operator's Helm values. Pure.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationError

from laneway.schema.pool.pods.resources import Resources
from laneway.schema.pool.profile import NodeSelector, Tolerations  # noqa: TC001 - pydantic reads them
from laneway.schema.shared.base import KubernetesModel
from laneway.schema.shared.problems import problems


class Auxiliary(KubernetesModel):
    """What all of these pods have."""

    node_selector: NodeSelector = Field(default_factory=dict)
    """Labels that their nodes must have."""
    tolerations: Tolerations = ()
    """Taints that they bear."""
    affinity: dict[Literal["nodeAffinity", "podAffinity", "podAntiAffinity"], dict[str, Any]] = Field(
        default_factory=dict
    )
    """Further rules for their nodes, as in a pod."""
    resources: Resources = Resources()
    """Laid over what each asks for by itself, name by name; what a pool says of its gateways stands above it."""


def parse_auxiliary(document: Any) -> Auxiliary:
    """From an object as Helm values have it; ValueError says what to change."""
    try:
        return Auxiliary.model_validate(document, strict=False)
    except ValidationError as error:
        raise ValueError(problems(error, Auxiliary)) from error
