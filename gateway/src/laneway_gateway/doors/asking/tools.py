"""Tools that a model can't use, left out for who asks for that: some clients send theirs with every request. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.translate.offers import offer_for
from laneway.translate.refused import Refused

if TYPE_CHECKING:
    from laneway.translate.offers import Offers

FIELDS = ("tools", "tool_choice")


def without_tools(value: Any, offers: Offers) -> tuple[Any, tuple[str, ...]]:
    """The request's body, and the names of what was left out of it. What is no request stays, to be refused."""
    given = tuple(name for name in FIELDS if value.get(name)) if isinstance(value, dict) else ()
    if not given or _can(value, offers):
        return value, ()
    return {name: each for name, each in value.items() if name not in FIELDS}, given


def _can(value: dict[str, Any], offers: Offers) -> bool:
    """Where nobody knows yet, it can."""
    model = value.get("model") or value.get("name")
    try:
        offer = offer_for(model, offers) if isinstance(model, str) else None
    except Refused:
        return True
    return offer is None or offer.facts is None or not offer.facts.capabilities or "tools" in offer.facts.capabilities
