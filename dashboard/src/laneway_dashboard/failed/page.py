"""Failed jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.codes import CODES
from laneway_dashboard.bulk.groups import Chosen, groups
from laneway_dashboard.desk import At, at
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.ports.failed import FailedList
from laneway_dashboard.shell.answers import View

if TYPE_CHECKING:
    from laneway_dashboard.desk import Desk
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

ROWS = 50
FIXES = {code.value: info.fix for code, info in CODES.items()}


def page(asked: Asked, desk: Desk) -> Answer:
    """By cause first, then single."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    try:
        listed, trouble = found.ports.failed.list(), None
    except Unavailable as error:
        listed, trouble = FailedList((), complete=False), str(error)
    wanted = Chosen.of(asked.query)
    jobs = [each for each in listed.jobs if wanted.wants(each)]
    start = _start(asked.words("from"), len(jobs))
    values = {
        "at": found.snapshot.at,
        "wanted": wanted,
        "groups": groups(jobs),
        "rows": jobs[start : start + ROWS],
        "start": start,
        "later": start + ROWS if start + ROWS < len(jobs) else None,
        "total": len(jobs),
        "listed": listed,
        "trouble": trouble,
        "lanes": [each.name for each in found.seen.lanes],
        "fixes": FIXES,
        "any": bool(listed.jobs),
    }
    return View("failed.html", values, pool=found.ports.name, tab="failed")


def _start(text: str, total: int) -> int:
    """Where the page begins; the last one, where so many are no longer there: others, or a retry, took them."""
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - no list is longer
    last = max(0, total - 1) // ROWS * ROWS
    return min(wanted, last)
