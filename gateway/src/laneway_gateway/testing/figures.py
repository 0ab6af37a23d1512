"""Figures that a test looks at."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class FakeFigures:
    """Keeps what it is told."""

    answers: list[tuple[str, str, int]] = field(default_factory=list)
    """Door, route and status of each request that is over."""
    first_tokens: list[str] = field(default_factory=list)
    """The door of each stream that has begun."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Tenant and quota of each request that was over it."""
    now_held: int = 0

    def answered(self, door: str, path: str, status: int, seconds: float) -> None:  # noqa: ARG002 - a clock's, not a test's
        """Keep it."""
        self.answers.append((door, path, status))

    def first_token(self, door: str, seconds: float) -> None:  # noqa: ARG002 - as above
        """Keep it."""
        self.first_tokens.append(door)

    def over_quota(self, tenant: str, quota: str) -> None:
        """Keep it."""
        self.refused.append((tenant, quota))

    def held(self, count: int) -> None:
        """Keep it."""
        self.now_held = count
