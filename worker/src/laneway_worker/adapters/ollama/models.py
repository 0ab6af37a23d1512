"""What is wrong with the models that Ollama has, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.errors import ModelMissing, ModelUnusable

if TYPE_CHECKING:
    from collections.abc import Collection

MANY = 5  # models that are named where another one is missing


def missing_from(volume: str, name: str, there: Collection[str]) -> ModelMissing:
    """The volume has no such model; a slip of a tag shows beside those that it has."""
    names = sorted(there)
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    holds = f"it holds {', '.join(names[:MANY])}{more}" if names else "Ollama finds no model in it"
    return ModelMissing(f"the {volume} has no {name}; {holds}")


def other_digest(name: str, pinned: str, there: str, volume: str | None) -> ModelUnusable:
    """The model is there, and is another one than the pool wants."""
    if volume is None:
        words = f"the pool pins {name} to {pinned}; this Ollama has {there}"
        return ModelUnusable(words, "pin the one that should answer, or name the model whose digest is pinned")
    words = f"the pool pins {name} to {pinned}; the {volume} has {there}"
    return ModelUnusable(words, "pin the one that is in there, or mount the pinned one")
