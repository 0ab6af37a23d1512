"""What Ollama tells of its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.translate.offers import names, offer_for
from laneway.translate.ollama.requests import model_of
from laneway.translate.pieces import written

if TYPE_CHECKING:
    from laneway.schema.pool.documents.model_facts import ModelFacts
    from laneway.translate.offers import Offer, Offers

SPOKEN = "0.32.15"
"""The version of Ollama whose API this is, told until an engine has told its own."""
BEGINNING = "1970-01-01T00:00:00Z"
NEVER = "2200-01-01T00:00:00Z"
"""When a model is unloaded that its lane keeps loaded."""
NO_DIGEST = "0" * 64
"""Of a model whose digest nobody knows yet."""
UNKNOWN = "unknown"
"""The architecture of a model that nobody has loaded yet."""


def tags(offers: Offers) -> dict[str, Any]:
    """`GET /api/tags`: one name for each lane."""
    return {"models": [_entry(name, offer) for name, offer in names(offers).items()]}


def ps(offers: Offers) -> dict[str, Any]:
    """`GET /api/ps`, of the lanes that have a worker."""
    return {"models": [_running(name, offer) for name, offer in names(offers).items()]}


def version(offers: Offers) -> dict[str, str]:
    """`GET /api/version`: of the first engine that is known."""
    told = (each.facts.engine for each in offers if each.facts and each.facts.engine)
    return {"version": next(told, SPOKEN)}


def show(body: object, offers: Offers) -> dict[str, Any]:
    """`POST /api/show`. The parameters name the context, so that clients ask for no larger one. Raises `Refused`."""
    offer = offer_for(model_of(body), offers)
    facts = offer.facts
    return {
        "modelfile": f"FROM {offer.model}\nPARAMETER num_ctx {_context(offer)}\n",
        "parameters": f"num_ctx {_context(offer)}",
        "template": "",
        "details": _details(offer),
        "model_info": _model_info(offer),
        "capabilities": _capabilities(facts),
        "modified_at": _modified_at(facts),
    }


def _model_info(offer: Offer) -> dict[str, Any]:
    """What the engine tells. Where none has told yet, what Ollama's own command line takes for given in it."""
    if offer.facts and offer.facts.model_info:
        return offer.facts.model_info
    context = {f"{UNKNOWN}.context_length": _context(offer), f"{UNKNOWN}.embedding_length": 0}
    return {"general.architecture": UNKNOWN, "general.parameter_count": 0, **context}


def _entry(name: str, offer: Offer) -> dict[str, Any]:
    return {
        "name": name,
        "model": name,
        "modified_at": _modified_at(offer.facts),
        "size": offer.facts.size if offer.facts else 0,
        "digest": _digest(offer),
        "details": _details(offer) | {"context_length": _context(offer)},
        "capabilities": _capabilities(offer.facts),
    }


def _running(name: str, offer: Offer) -> dict[str, Any]:
    size = offer.facts.size if offer.facts else 0
    return {
        "name": name,
        "model": name,
        "size": size,
        "digest": _digest(offer),
        "details": _details(offer),
        "expires_at": NEVER,
        "size_vram": size,
        "context_length": _context(offer),
    }


def _context(offer: Offer) -> int:
    return offer.lane.model.context_length


def _digest(offer: Offer) -> str:
    """As Ollama writes it here, without its kind. Its command line cuts twelve digits off whatever is there."""
    found = (offer.facts.digest if offer.facts else None) or offer.lane.model.digest or NO_DIGEST
    return found.removeprefix("sha256:")


def _details(offer: Offer) -> dict[str, Any]:
    told = offer.facts.details.model_dump(mode="json") if offer.facts else {}
    return {"parent_model": "", "format": "gguf", "family": "", "families": [], **told}


def _capabilities(facts: ModelFacts | None) -> list[str]:
    """Where nobody knows yet, that it answers."""
    return list(facts.capabilities if facts and facts.capabilities else ("completion",))


def _modified_at(facts: ModelFacts | None) -> str:
    return written(facts.modified_at) if facts and facts.modified_at else BEGINNING
