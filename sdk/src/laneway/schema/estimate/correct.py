"""A range from the draws, corrected by how earlier estimates of the same kind came out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from laneway.schema.shared.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from laneway.schema.pool.documents.lane_estimate import Correction, Depth, Standing

LOW, HIGH = 0.08, 0.92  # eight of ten: ratios share their luck, and a range of 0.1 to 0.9 held 76 % (bench-estimate)
ENOUGH = 20  # ratios that tell something
FEW_AHEAD, TENS_AHEAD = 8, 80


class Range(NamedTuple):
    """Seconds."""

    low: float
    median: float
    high: float
    raw: float
    """The median before the correction."""


def depth_of(ahead: int) -> Depth:
    """The kind of a line so long."""
    return "few" if ahead <= FEW_AHEAD else "tens" if ahead <= TENS_AHEAD else "hundreds"


def ratios_of(corrections: Iterable[Correction], depth: Depth, standing: Standing) -> tuple[float, ...]:
    """Those of one kind."""
    kinds = {(each.depth, each.standing): each.ratios for each in corrections}
    return kinds.get((depth, standing), ())


def corrected(draws: Sequence[float], ratios: Sequence[float]) -> Range:
    """The range of draws in order: their own, or their median times what became of such medians."""
    raw = quantile(draws, 0.5)
    if len(ratios) < ENOUGH:
        return Range(quantile(draws, LOW), raw, quantile(draws, HIGH), raw)
    known = sorted(ratios)
    low, median, high = (raw * quantile(known, _level(each, len(known))) for each in (LOW, 0.5, HIGH))
    return Range(low, median, high, raw)


def _level(share: float, count: int) -> float:
    """The next one is as likely to lie between any two of those that came before, and outside of all."""
    return min(1.0, max(0.0, (share * (count + 1) - 1) / (count - 1)))
