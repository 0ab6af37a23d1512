"""What a pool's status says of its gateways. It informs: jobs are taken and answered without them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.known.observe import Trouble
from laneway_operator.reasons import Reason
from laneway_operator.render.meta import Component
from laneway_operator.status.found import Found, not_made
from laneway_operator.status.workers import trouble_of

if TYPE_CHECKING:
    from laneway_operator.known.observe import DeploymentFacts
    from laneway_operator.status.observed import Observed

CONDITION = "GatewayReady"
UNNAMED = (Reason.CRASHING, Reason.REFUSED, Reason.GATEWAY_DEGRADED)
"""What has no name of its own where no gateway is ready."""


def gateway_ready(observed: Observed) -> Found | None:
    """The condition; none of a pool that asks for no gateways. Where what it asks for can't be read, those that it has
    are told of.
    """
    if observed.gateway_at is None and (observed.gateway is None or not observed.spec):
        return None
    if observed.gateway_troubles:
        first = observed.gateway_troubles[0]
        reason = first.reason if first.reason is Reason.GATEWAYS_OFF else Reason.GATEWAY_REFUSED
        return Found("False", reason, first.message)
    if observed.gateway is None:
        return not_made(observed, Found("Unknown", Reason.GATEWAY_STARTING, "gateways are being made"))
    return _made(observed, observed.gateway)


def _made(observed: Observed, facts: DeploymentFacts) -> Found:
    """A change that doesn't come up leaves those of before at work, and is told all the same."""
    trouble = trouble_of(observed, facts, Component.GATEWAY)
    if trouble is None and facts.stuck:
        trouble = Trouble(Reason.GATEWAY_DEGRADED, "no gateway of the new kind comes up")
    there = f", at {observed.gateway_at}" if observed.gateway_at else ""
    told = f"{facts.ready} of {facts.replicas} gateways are ready{there}"
    if facts.ready and trouble is not None:
        return Found("True", Reason.GATEWAY_DEGRADED, f"{told}; but {trouble.message}")
    if facts.ready:
        return Found("True", Reason.GATEWAY_SERVING, told)
    if trouble is not None:
        reason = Reason.GATEWAY_UNAVAILABLE if trouble.reason in UNNAMED else trouble.reason
        return Found("False", reason, f"gateway: {trouble.message}")
    if not facts.replicas:
        return Found("False", Reason.GATEWAY_UNAVAILABLE, "somebody has scaled the gateways to zero")
    return Found("Unknown", Reason.GATEWAY_STARTING, f"gateways are starting: {facts.replicas}")
