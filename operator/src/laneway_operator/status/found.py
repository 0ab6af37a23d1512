"""What a condition says and why, without since when; `conditions.py` adds that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from laneway_operator.status.observed import Observed

Status = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class Found:
    """A condition without since when."""

    status: Status
    reason: Reason
    message: str


def not_made(observed: Observed, starting: Found) -> Found:
    """What is said of something beside the lanes that is not there; where nothing keeps it away, it is `starting`."""
    if observed.spec or observed.queue_trouble or observed.access:
        return Found("Unknown", Reason.NOT_LOOKED_AT, "not looked at: other trouble of the pool comes first")
    return starting
