"""What has been failing, since when, and whether it will pass by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_worker.errors import Unavailable


@dataclass(frozen=True)
class Failing:
    """Something that has failed at every try since a monotonic time."""

    since: float
    message: str
    lasting: bool
    code: str = ""

    @classmethod
    def again(cls, before: Failing | None, error: Unavailable, now: float) -> Failing:
        """After one more failure."""
        return cls(now if before is None else before.since, error.with_advice, error.lasting, error.code)

    def lasts(self, now: float, seconds: float) -> bool:
        """Whether a person should know: it will not pass by itself, or has not for so long."""
        return self.lasting or now - self.since >= seconds
