"""An operator that is the active one, and whose calls nobody counts."""

from __future__ import annotations


def always() -> float:
    """It may write for a long time."""
    return 3600.0


def ignored(_verb: str, _code: str) -> None:
    """In a counter's place."""
