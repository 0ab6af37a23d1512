"""A document that somebody else may change."""

from __future__ import annotations

from typing import Protocol


class Document(Protocol):
    """What it holds now."""

    def read(self) -> bytes:
        """All of it; raises `Unavailable` where it can't be read."""
