"""What a door offers: the lanes that a request's `model` may choose, and what their models can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.shared.base import shown
from laneway.schema.shared.names import tagged
from laneway.translate.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from laneway.schema.job.job import Job
    from laneway.schema.pool.documents.model_facts import ModelFacts
    from laneway.schema.pool.documents.pool_document import PoolLane

LANE = "lane:"
"""Before the name of a lane, where it stands in the place of a model's."""
WAYS_OUT = {
    "completion": "ask for embeddings, or use a model that answers in text",
    "tools": "leave tools out",
    "vision": "leave images out",
    "thinking": "ask for no thinking",
    "embedding": "use an embedding model",
}
"""A capability, in Ollama's words → what to change where the model lacks it."""


@dataclass(frozen=True)
class Offer:
    """A lane, and what is known of its model."""

    lane: PoolLane
    facts: ModelFacts | None = None
    """None until a worker of the lane has loaded it."""

    @property
    def model(self) -> str:
        """The model's name, as people write it."""
        return self.lane.model.name


Offers = tuple[Offer, ...]
"""The lanes that a caller may use, the preferred one first."""


def names(offers: Sequence[Offer]) -> dict[str, Offer]:
    """One name for each lane: its model's, or where an earlier lane has that, its own."""
    found: dict[str, Offer] = {}
    for offer in offers:
        taken = any(tagged(offer.model) == tagged(name) for name in found)
        found[f"{LANE}{offer.lane.name}" if taken else offer.model] = offer
    return found


def offer_for(model: str, offers: Sequence[Offer]) -> Offer:
    """The first lane that has this model, or the lane of this name. Raises `Refused`."""
    found = next((each for each in offers if _is_meant(model, each)), None)
    if found is None:
        known = ", ".join(names(offers)) or "none"
        raise Refused(ErrorCode.UNKNOWN_MODEL, f"model '{shown(model)}' not found; use one of these: {known}", "model")
    return found


def _is_meant(model: str, offer: Offer) -> bool:
    return model == f"{LANE}{offer.lane.name}" or tagged(model) == tagged(offer.model)


def check_capabilities(job: Job, offer: Offer, model: str) -> None:
    """Refuse what the model can't do before anybody wakes to find out; raises `Refused`."""
    can = offer.facts.capabilities if offer.facts else ()
    lacking = [each for each in _needs(job) if each not in can] if can else []
    if lacking:
        cure = "; ".join(WAYS_OUT[each] for each in lacking)
        words = f'"{shown(model)}" does not support {", ".join(lacking)}: {cure}, or use another model'
        raise Refused(ErrorCode.UNSUPPORTED, words)


def _needs(job: Job) -> Iterator[str]:
    if job.input is not None:
        yield "embedding"
        return
    yield "completion"
    if job.tools:
        yield "tools"
    if job.images or any(message.images for message in job.messages or ()):
        yield "vision"
    if job.think:
        yield "thinking"
