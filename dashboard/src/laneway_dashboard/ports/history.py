"""How a lane did over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True)
class Point:
    """A moment, or what came to an end in the time before it."""

    at: datetime
    value: float | None
    """None where nothing is known."""


class Waits(Protocol):
    """How long jobs waited before they began."""

    def waits(self, lane: str, span: timedelta, points: int) -> tuple[Point, ...]:
        """The mean of each part of the span, the oldest first. Raises `Unavailable`."""
