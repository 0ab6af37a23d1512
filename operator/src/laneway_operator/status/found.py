"""What a condition says and why, without since when; `conditions.py` adds that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from laneway_operator.reasons import Reason

Status = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class Found:
    """A condition without since when."""

    status: Status
    reason: Reason
    message: str
