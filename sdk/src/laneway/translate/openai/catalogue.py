"""OpenAI's list of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.translate.offers import names, offer_for

if TYPE_CHECKING:
    from laneway.translate.offers import Offer, Offers

OWNER = "laneway"


def models(offers: Offers) -> dict[str, Any]:
    """`GET /v1/models`: one name for each lane."""
    return {"object": "list", "data": [_entry(name, offer) for name, offer in names(offers).items()]}


def model(name: str, offers: Offers) -> dict[str, Any]:
    """`GET /v1/models/{name}`. Raises `Refused`."""
    return _entry(name, offer_for(name, offers))


def _entry(name: str, offer: Offer) -> dict[str, Any]:
    made = offer.facts.modified_at if offer.facts else None
    return {"id": name, "object": "model", "created": int(made.timestamp()) if made else 0, "owned_by": OWNER}
