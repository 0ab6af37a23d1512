"""Whether a lane's model fits its accelerator: an estimate, which warns and keeps nothing from being tried. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.placement.memory import ENGINE_GIB
from laneway_operator.reasons import Reason
from laneway_operator.status.found import Found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from laneway_operator.placement.memory import Fit


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
