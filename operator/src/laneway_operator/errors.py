"""Trouble of three kinds: the spec's, the world's for now, and an object's that the API server refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_operator.reasons import Reason


class SpecError(Exception):
    """The pool can't be served as it is written; the message says what to change."""

    def __init__(self, reason: Reason, message: str) -> None:
        """`reason` is what `kubectl get lwp` shows."""
        super().__init__(message)
        self.reason = reason


class NotYet(Exception):
    """Something outside is not there yet; the pool is looked at again after its back-off."""

    def __init__(self, reason: Reason, message: str) -> None:
        """`message` says what is missing."""
        super().__init__(message)
        self.reason = reason


class Unreachable(Exception):
    """The API server can't be reached or asks to come back; `after` is its Retry-After in seconds, or None."""

    def __init__(self, message: str, after: float | None = None) -> None:
        """`message` names the call."""
        super().__init__(message)
        self.after = after


class Conflict(Unreachable):
    """Somebody else changed the object first."""
