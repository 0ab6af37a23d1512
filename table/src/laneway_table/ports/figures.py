"""What the projector counts."""

from __future__ import annotations

from typing import Literal, Protocol

Refusal = Literal["unreadable", "foreign", "row"]
"""No event; one of another pool or another place; one whose row the database refuses."""


class Figures(Protocol):
    """Of any thread."""

    def wrote(self, rows: int, repeats: int, seconds: float) -> None:
        """A batch is in the table: new rows, rows that were there, and how long the database took."""

    def lagged(self, seconds: float) -> None:
        """An event is in the table so many seconds after it was sent."""

    def refused(self, reason: Refusal) -> None:
        """A message is left to go to the dead letters."""

    def expired(self, rows: int) -> None:
        """Rows were deleted for their age."""

    def reachable(self, *, database: bool) -> None:
        """Whether the database takes rows."""
