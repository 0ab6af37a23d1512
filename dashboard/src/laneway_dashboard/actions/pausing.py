"""The buttons that pause and resume a lane."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laneway_dashboard.desk import At, at, no_page
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.shell.answers import Elsewhere, View

if TYPE_CHECKING:
    from laneway_dashboard.desk import Desk
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

log = logging.getLogger(__name__)


def pause(asked: Asked, desk: Desk) -> Answer:
    """Have it begin nothing."""
    return _set(asked, desk, paused=True)


def resume(asked: Asked, desk: Desk) -> Answer:
    """Have it begin jobs again."""
    return _set(asked, desk, paused=False)


def _set(asked: Asked, desk: Desk, *, paused: bool) -> Answer:
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    lane, pauses = found.lane(asked.path["lane"]), found.ports.pauses
    if lane is None or pauses is None:
        return no_page("Nothing to pause here", "This dashboard has no way to pause that lane.")
    try:
        (pauses.pause if paused else pauses.resume)(lane.name, asked.visitor.name)
    except Unavailable as error:
        values = {"title": "Nothing was done", "trouble": str(error), "at": found.snapshot.at}
        return View("unavailable.html", values, pool=found.ports.name, tab="pools", live=False)
    told = {"who": asked.visitor.name, "verb": "pause" if paused else "resume", "pool": found.ports.name}
    log.info("lane paused" if paused else "lane resumed", extra={"fields": told | {"lane": lane.name}})
    desk.seen.forget()
    return Elsewhere(f"{found.path}/lanes/{lane.name}")
