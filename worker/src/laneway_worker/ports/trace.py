"""Traces of jobs: what a tracer must do, and one that does nothing."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from laneway_worker.ports.queue import Delivery


class Trace(Protocol):
    """Spans of the calling thread. No method raises, whatever a message holds."""

    def job(self, delivery: Delivery) -> AbstractContextManager[object]:
        """All work on a message, as a part of what its sender traces."""

    def part(self, name: str) -> AbstractContextManager[object]:
        """A part of the work on the thread's job; nothing where it has none."""

    def tell(self, fields: Mapping[str, object]) -> None:
        """How the thread's job ended: ids, codes, counts and seconds; never text."""

    def flush(self) -> None:
        """Send what is left, for a few seconds at most."""


class NoTrace:
    """Traces nothing."""

    def job(self, _delivery: Delivery) -> AbstractContextManager[object]:
        """Nothing."""
        return nullcontext()

    def part(self, _name: str) -> AbstractContextManager[object]:
        """Nothing."""
        return nullcontext()

    def tell(self, fields: Mapping[str, object]) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""


NO_TRACE = NoTrace()
