"""Pausing a lane."""

from __future__ import annotations

from typing import Protocol


class Pauses(Protocol):
    """Has a lane start nothing, and start again. Both raise `Unavailable`; `who` asks for it."""

    def pause(self, lane: str, who: str) -> None:
        """Jobs wait; those that run end."""

    def resume(self, lane: str, who: str) -> None:
        """Jobs are begun again."""
