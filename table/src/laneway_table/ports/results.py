"""The results in S3, as the sweep reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from laneway.schema.job.result import Result


@dataclass(frozen=True, slots=True)
class Listed:
    """A result's object, unread."""

    id: str
    etag: str
    """With its quotes."""
    at: datetime
    """When it was written."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A result's object, read."""

    id: str
    etag: str | None
    """None: it is not there any more."""
    result: Result | None
    """None: it is not there, or can't be read."""


class Results(Protocol):
    """Everything raises `ResultsUnavailable`."""

    def pages(self, after: str | None) -> Iterator[Sequence[Listed]]:
        """All of them in S3's own order, from the one after this id on."""

    def fetch(self, ids: Sequence[str]) -> Sequence[Fetched]:
        """Several at once."""
