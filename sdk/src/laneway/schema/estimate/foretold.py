"""What was foretold of a job as it was sent: it stands with the stored body, and its worker holds it against that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast

from laneway.schema.pool.documents.lane_estimate import MAX_RATIO, Depth, Standing

if TYPE_CHECKING:
    from laneway.schema.estimate.estimate import Estimate

LEAST_SECONDS = 1.0  # what begins at once begins within that: a ratio of less would say nothing
_WRITTEN = re.compile(r"([0-9]{1,7}\.[0-9]) (few|tens|hundreds) (ready|starting|zero)")


@dataclass(frozen=True)
class Foretold:
    """A wait, and what kind of wait it is."""

    seconds: float
    """The uncorrected median."""
    depth: Depth
    standing: Standing

    @classmethod
    def of(cls, estimate: Estimate) -> Self | None:
        """What of an estimate is kept; nothing where there is no range."""
        if estimate.raw_seconds is None:
            return None
        return cls(max(LEAST_SECONDS, estimate.raw_seconds), estimate.depth, estimate.standing)

    def to_metadata(self) -> str:
        """As it stands in an object's metadata."""
        return f"{min(self.seconds, 9_999_999):.1f} {self.depth} {self.standing}"

    def ratio(self, waited: float) -> float:
        """Actual ÷ foretold."""
        return min(MAX_RATIO, max(1 / MAX_RATIO, max(LEAST_SECONDS, waited) / self.seconds))


def read_foretold(text: str | None) -> Foretold | None:
    """What a sender has written; anything else is nothing. Never raises."""
    found = None if text is None else _WRITTEN.fullmatch(text)
    if found is None:
        return None
    return Foretold(max(LEAST_SECONDS, float(found[1])), cast("Depth", found[2]), cast("Standing", found[3]))
