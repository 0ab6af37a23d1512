"""Pausing a lane."""

from __future__ import annotations

from typing import Protocol


class Pauses(Protocol):
    """Has a lane start nothing, and start again. Both raise `Unavailable`."""

    def pause(self, lane: str) -> None:
        """Jobs wait; those that run end."""

    def resume(self, lane: str) -> None:
        """Jobs are begun again."""
