"""What is counted of the doors."""

from __future__ import annotations

from typing import Protocol


class Figures(Protocol):
    """Counters and clocks of the doors; no call waits or raises."""

    def answered(self, door: str, path: str, status: int, seconds: float) -> None:
        """A request is over. `door` is `openai`, `ollama`, `native` or `none`, `path` the route's pattern; the status
        of a client that has gone before its answer is 499.
        """
        ...

    def first_token(self, door: str, seconds: float) -> None:
        """A streamed answer has begun to say something, so many seconds after its request came."""
        ...

    def over_quota(self, tenant: str, quota: str) -> None:
        """A request of a tenant's is refused, as it has used what a quota gives it."""
        ...

    def held(self, count: int) -> None:
        """So many requests are held now."""
        ...
