"""Who asks, and what they may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a visitor may do."""

    VIEWER = "viewer"
    """Looks."""
    OPERATOR = "operator"
    """Also retries, drops, pauses and resumes."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who was let in."""

    name: str
    role: Role

    @property
    def may_act(self) -> bool:
        """Whether buttons are shown, and heeded."""
        return self.role is Role.OPERATOR
