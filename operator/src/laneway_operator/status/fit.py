"""Whether a lane's model fits its accelerator: an estimate, which warns and keeps nothing from being tried.

Weights as downloaded and a tenth more, the context's cache, and what the engine takes for itself. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.shared.names import tagged
from laneway_operator.reasons import Reason
from laneway_operator.status.found import Found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from laneway.schema.pool.lane import Lane, Model
    from laneway_operator.placement.profiles import Accelerator

GIB = 2**30
DOWNLOAD_GB = {
    "gemma3:270m": 0.291,
    "gemma3:1b": 0.815,
    "gemma3:4b": 3.3,
    "gemma3:12b": 8.1,
    "gemma3:27b": 17.0,
    "gemma3n:e2b": 5.6,
    "gemma4:e4b": 9.6,
    "gemma4:latest": 9.6,
    "gemma4:26b": 18.0,
}
"""Tags and their sizes on https://ollama.com/library, in 2026."""
GB_PER_BILLION = {"q8_0": 1.1, "fp16": 2.0, "bf16": 2.0, "f16": 2.0}
"""A parameter of a quantisation, as tags end; two bytes of 16 bits, and one and its scales of eight."""
GB_PER_BILLION_ELSE = 0.7  # of the tags above 0.63 to 0.83: four bits, and some layers in more
PARAMETERS = re.compile(r"(?:^|[:-])(\d+(?:\.\d+)?)([bm])(?=$|-)")
OVERHEAD = 1.1  # of weights in memory over weights on disk
CACHE_BYTES = 13_000  # a token and GB of weights: gemma3:27b takes 22.5 GiB with 20,480 (ollama issue 9678)
CACHE_SHARE = {"f16": 1.0, "q8_0": 8.5 / 16, "q4_0": 4.5 / 16}
"""Bits of a number by `OLLAMA_KV_CACHE_TYPE`, with the scale of each block of 32, over 16."""
ENGINE_GIB = 1.0


@dataclass(frozen=True)
class Fit:
    """One lane, in GiB."""

    lane: str
    model: str
    weights: float | None
    """Nothing where the model's size is not known."""
    cache: float
    tokens: int
    """Of context, all parallel requests together."""
    memory: float | None
    """Of the accelerator; nothing where the profile says none."""

    @property
    def needed(self) -> float | None:
        """All together."""
        return None if self.weights is None else self.weights + self.cache + ENGINE_GIB


def fit(lane: Lane, model: Model, accelerator: Accelerator | None, cache: str = "f16") -> Fit:
    """A lane's."""
    size, tokens = download_gb(model.name), model.context_length * lane.parallel
    memory = accelerator.memory * accelerator.count / GIB if accelerator and accelerator.memory else None
    return Fit(
        lane=lane.name,
        model=model.name,
        weights=None if size is None else size * OVERHEAD * 1e9 / GIB,
        cache=(size or 0.0) * CACHE_BYTES * CACHE_SHARE[cache] * tokens / GIB,
        tokens=tokens,
        memory=memory,
    )


def download_gb(model: str) -> float | None:
    """A model's size: of the table, or from the parameters in its tag; None where neither tells."""
    if tagged(model) in DOWNLOAD_GB:
        return DOWNLOAD_GB[tagged(model)]
    tag = model.rpartition("/")[2].lower()
    found = PARAMETERS.search(tag)
    if found is None:
        return None
    billions = float(found[1]) / (1000 if found[2] == "m" else 1)
    each = next((size for ending, size in GB_PER_BILLION.items() if tag.endswith(ending)), GB_PER_BILLION_ELSE)
    return billions * each


def model_fits(fits: Collection[Fit]) -> Found:
    """The condition: the first lane whose model does not fit, else those of which nothing can be told."""
    for each in fits:
        if each.needed is not None and each.memory is not None and each.needed > each.memory:
            return Found("False", Reason.MODEL_TOO_LARGE, _too_large(each, each.needed, each.memory))
    unknown = list(_unknown(fits))
    if unknown or not fits:
        return Found("Unknown", Reason.NOT_ESTIMATED, "; ".join(unknown) or "not looked at yet")
    return Found("True", Reason.MODEL_FITS, "; ".join(map(_fitting, fits)))


def _too_large(each: Fit, needed: float, memory: float) -> str:
    return (
        f"lane {each.lane}: {each.model} needs about {needed:.1f} GiB ({each.weights:.1f} of weights, {each.cache:.1f} "
        f"for {each.tokens} tokens of context, {ENGINE_GIB:.0f} for the engine), and the accelerator has {memory:.1f}: "
        "Ollama would keep a part in the node's memory and be slow"
    )


def _unknown(fits: Iterable[Fit]) -> Iterable[str]:
    for each in fits:
        if each.weights is None:
            yield f"lane {each.lane}: the size of {each.model} is not known"
        elif each.memory is None:
            yield f"lane {each.lane}: its placement profile names no accelerator's memory"


def _fitting(each: Fit) -> str:
    return f"lane {each.lane}: about {each.needed:.1f} of {each.memory:.1f} GiB"
