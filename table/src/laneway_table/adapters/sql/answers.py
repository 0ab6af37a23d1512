"""What databases answer, as values of ours. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from laneway_table.rows.asked import Cause, Cursor, Page, Point, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from laneway_table.rows.row import Row


def page_of(rows: Sequence[Row], limit: int) -> Page:
    """Of one row more than a page has, where there are so many."""
    shown = tuple(rows[:limit])
    last = shown[-1] if len(rows) > limit else None
    return Page(shown, None if last is None else Cursor(last.finished_at, last.id))


def cause_of(answer: Sequence[Any]) -> Cause:
    """In the order of `failed`."""
    code, cause, lane, jobs, last_at, example = answer
    return Cause(code, cause or "", lane, int(jobs), last_at, example)


def totals_of(answer: Sequence[Any]) -> Totals:
    """In the order of `totals`."""
    lane, status, jobs, usd, gpu_seconds, read, written = answer
    return Totals(lane, status, int(jobs), float(usd), float(gpu_seconds), int(read), int(written))


def point_of(answer: Sequence[Any], since: datetime, step_seconds: int) -> Point:
    """In the order of `series`."""
    span, lane, status, jobs, usd, written, queued, run = answer
    at = since + timedelta(seconds=int(span) * step_seconds)
    return Point(at, lane, status, int(jobs), float(usd), int(written), float(queued), float(run))
