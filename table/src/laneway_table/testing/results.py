"""Results in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from laneway_table.ports.results import Fetched, Listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from laneway.schema.job.result import Result

MOST = 3  # of a page: tests have few


class MemoryResults:
    """By ids, in S3's order of keys."""

    def __init__(self, most: int = MOST) -> None:
        """None; `most` are of a page."""
        self._most = most
        self.objects: dict[str, tuple[str, Result | None, datetime]] = {}
        self.fetched: list[str] = []
        self.most_fetched = 0
        """Of one call."""

    def put(self, job_id: str, result: Result | None, etag: str = '"1"', at: datetime | None = None) -> None:
        """One; None is an object that is no result."""
        self.objects[job_id] = (etag, result, at or datetime.now(UTC))

    def pages(self, after: str | None) -> Iterator[Sequence[Listed]]:
        """Small ones."""
        names = sorted(self.objects, key=lambda each: f"{each}.json")
        left = [each for each in names if after is None or f"{each}.json" > f"{after}.json"]
        for begin in range(0, len(left), self._most):
            page = left[begin : begin + self._most]
            yield [Listed(each, self.objects[each][0], self.objects[each][2]) for each in page]

    def fetch(self, ids: Sequence[str]) -> Sequence[Fetched]:
        """As they are now."""
        self.fetched += ids
        self.most_fetched = max(self.most_fetched, len(ids))
        nothing = (None, None, None)
        return [Fetched(each, *self.objects.get(each, nothing)[:2]) for each in ids]
