"""A condition before its time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from laneway_operator.reasons import Reason

Status = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class Found:
    """A condition before its time."""

    status: Status
    reason: Reason
    message: str
