"""Jobs that have ended, without a table: what S3 can tell of results."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from laneway.client.results import read_result
from laneway.errors import LanewayError
from laneway_dashboard.adapters.reached import in_words
from laneway_dashboard.errors import Refused
from laneway_dashboard.ports.jobs import Filter, Page, Row
from laneway_dashboard.shell.remembered import Remembered

if TYPE_CHECKING:
    from datetime import datetime

    from laneway.schema.job.result import Result
    from laneway_dashboard.adapters.reached import Reached
    from laneway_dashboard.ports.jobs import Wanted

AT_ONCE = 8
FRESH = timedelta(seconds=5)
MOST_CURSOR = 128  # characters: an id


class ListedJobs:
    """By ids, since S3 knows no other order; each result on a page is read."""

    filters: frozenset[Filter] = frozenset({"prefix"})
    order = "by id"

    def __init__(self, reached: Reached) -> None:
        """Nothing is read yet."""
        self._reached = reached
        self._pages: Remembered[tuple[Wanted, str | None, int], Page] = Remembered(reached.clock, FRESH)

    def page(self, wanted: Wanted, after: str | None, limit: int) -> Page:
        """One list request, and one for each row; the same for everybody who asks within seconds."""
        return self._pages.get((wanted, after, limit), lambda: self._page(wanted, after, limit))

    def _page(self, wanted: Wanted, after: str | None, limit: int) -> Page:
        place, prefix = self._reached.place, wanted.prefix or ""
        if not all(each.isascii() and (each.isalnum() or each in "_.-") for each in prefix + (after or "")):
            raise Refused("ids are of letters, digits, dots, dashes and underscores")
        folder = place.result("").removesuffix(".json")
        start = place.result(after[:MOST_CURSOR]) if after else ""
        with in_words():
            keys = list(islice(self._reached.remote.keys(f"{folder}{prefix}", start), limit + 1))
            names = [(key.removeprefix(folder).removesuffix(".json"), at) for key, at in keys]
            with ThreadPoolExecutor(AT_ONCE) as threads:
                rows = tuple(threads.map(lambda each: self._row(*each), names[:limit]))
        return Page(rows, names[limit - 1][0] if len(names) > limit else None)

    def _row(self, name: str, written: datetime) -> Row:
        body = self._reached.remote.get(self._reached.place.result(name))
        try:
            return Row(name, written) if body is None else row_of(read_result(name, body))
        except LanewayError:
            return Row(name, written)


def row_of(result: Result) -> Row:
    """A result as a row."""
    usage = result.usage
    return Row(
        id=result.id,
        finished_at=result.timing.finished_at,
        status=result.status,
        lane=result.lane,
        code=None if result.error is None else result.error.code.value,
        queued_seconds=result.timing.queued_seconds,
        run_seconds=result.timing.run_seconds,
        tokens=None if usage is None else usage.prompt_tokens + usage.completion_tokens,
        usd=None if result.cost is None else result.cost.usd,
        labels=result.labels,
    )
