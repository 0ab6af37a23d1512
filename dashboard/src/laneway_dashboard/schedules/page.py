"""When the lanes of a pool sleep and wake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_dashboard.desk import At, at
from laneway_dashboard.shell.answers import View

if TYPE_CHECKING:
    from laneway_dashboard.desk import Desk
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked


def page(asked: Asked, desk: Desk) -> Answer:
    """Of all of them."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    values = {"at": found.snapshot.at, "lanes": found.seen.lanes, "known": found.seen.knows_schedules}
    return View("schedules.html", values, pool=found.ports.name, tab="schedules")
