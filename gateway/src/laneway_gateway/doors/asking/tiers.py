"""Lanes by how a request is to be served, where it names none. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.translate.offers import Offers
    from laneway_gateway.doors.asking.terms import Terms

TIERS = ("flex", "priority")
"""OpenAI's words for how a request is served, of which each may have a lane."""
TIER = "service_tier"


def tier_of(value: Any) -> str | None:
    """The tier that the body of a request asks for, where it is one of those."""
    found = value.get(TIER) if isinstance(value, dict) else None
    return found if found in TIERS else None


def lane_meant(terms: Terms, tier: str | None, lanes_for: Mapping[str, str]) -> str | None:
    """The lane that is meant, where the installation says so. What an interface asks for itself is a task, whatever its
    tier; whoever names a lane means that.
    """
    if terms.lane is not None:
        return None
    return (terms.task and lanes_for.get("tasks")) or lanes_for.get(tier or "")


def with_first(lane: str | None, offers: Offers) -> Offers:
    """The caller's lanes, that one first if it is among them."""
    return tuple(sorted(offers, key=lambda each: each.lane.name != lane))


def unheeded(tier: str | None, meant: str | None, taken: str) -> tuple[str, ...]:
    """The name of a tier that was not heeded, as it has no lane, or the caller or the model another one."""
    return (TIER,) if tier is not None and meant != taken else ()
