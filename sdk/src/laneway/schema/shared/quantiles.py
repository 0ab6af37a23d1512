"""Quantiles of a few hundred numbers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def quantile(ordered: Sequence[float], share: float) -> float:
    """Of numbers in order, of which there is one at least; between two it lies in proportion."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def quantiles(numbers: Iterable[float], points: int) -> tuple[float, ...]:
    """At 0 %, …, 100 %, so many."""
    ordered = sorted(numbers)
    return tuple(round(quantile(ordered, each / (points - 1)), 3) for each in range(points))
