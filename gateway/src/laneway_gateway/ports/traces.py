"""Traces of requests: what a tracer must do, and one that does nothing."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


class Traces(Protocol):
    """Spans, of which a task and those that it begins have one. No method raises, whatever a client sends."""

    def request(self, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """All that is done for one request, as a part of what its client traces."""
        ...

    def tell(self, method: str, route: str | None, status: int, ids: Mapping[str, str]) -> None:
        """What became of the task's request; never text."""
        ...

    def carrier(self) -> Mapping[str, str]:
        """The task's span as W3C writes it, for whoever goes on with its work; nothing where it has none."""
        ...

    def flush(self) -> None:
        """Send what is left, for a few seconds at most."""
        ...


class NoTraces:
    """Traces nothing."""

    def request(self, _headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """Nothing."""
        return nullcontext()

    def tell(self, method: str, route: str | None, status: int, ids: Mapping[str, str]) -> None:
        """Nothing."""

    def carrier(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def flush(self) -> None:
        """Nothing."""


NO_TRACES = NoTraces()
