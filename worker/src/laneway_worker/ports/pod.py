"""The worker's own pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Pod(Protocol):
    """The Kubernetes pod that the worker runs in."""

    def annotate(self, annotations: Mapping[str, str | None]) -> None:
        """Set annotations, and remove those that are None; others stay. Raises `Unavailable`."""
