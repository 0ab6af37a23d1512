"""How one lane stands, and how it did."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_dashboard.desk import At, at, no_page
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.seen.verdicts import verdict
from laneway_dashboard.shell.answers import View
from laneway_dashboard.shell.drawing import line, most_of
from laneway_dashboard.shell.words import duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from laneway_dashboard.desk import Desk
    from laneway_dashboard.ports.history import Point
    from laneway_dashboard.ports.watching import LaneSeen, Today
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

SPANS = {"1h": timedelta(hours=1), "6h": timedelta(hours=6), "24h": timedelta(hours=24)}
POINTS = 60
MILLION = 1_000_000


def page(asked: Asked, desk: Desk) -> Answer:
    """Everything of it."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    lane = found.lane(asked.path["lane"])
    if lane is None:
        return no_page("No such lane", f"The pool {found.ports.name} has other lanes.")
    name = asked.words("span")
    span = name if name in SPANS else "1h"
    begin = asked.now - SPANS[span]
    depths = desk.seen.depths.of(found.ports.name, lane.name, begin)
    waits, trouble = _waits(found, lane.name, span)
    values = {
        "lane": lane,
        "verdict": verdict(lane),
        "at": found.snapshot.at,
        "span": span,
        "spans": list(SPANS),
        "depth": chart(depths, begin, asked.now, f"jobs queued, at most {most_of(depths):,.0f}"),
        "wait": waits and chart(waits, begin, asked.now, f"wait, at most {duration(most_of(waits))}"),
        "waits": _table(waits),
        "has_waits": found.ports.waits is not None,
        "waits_trouble": trouble,
        "can_pause": found.ports.pauses is not None,
        "tokens_per_second": _tokens_per_second(lane),
        "usd_per_million": usd_per_million(lane.today),
    }
    return View("lane.html", values, pool=found.ports.name, tab="pools")


def chart(points: Sequence[Point], begin: datetime, end: datetime, title: str) -> dict[str, object]:
    """A drawing, and its top."""
    return {"svg": line(points, begin, end, title), "most": most_of(points), "empty": not points}


def _waits(found: At, lane: str, span: str) -> tuple[tuple[Point, ...], str | None]:
    if found.ports.waits is None:
        return (), None
    try:
        return found.ports.waits.waits(lane, SPANS[span], POINTS), None
    except Unavailable as error:
        return (), str(error)


def _table(points: Sequence[Point]) -> list[Point]:
    """Of a drawing, for who can't see it: the newest ones that say something."""
    return [each for each in reversed(points) if each.value is not None][:12]


def _tokens_per_second(lane: LaneSeen) -> float | None:
    found = [each.tokens_per_second for each in lane.workers or () if each.tokens_per_second is not None]
    return sum(found) if found else None


def usd_per_million(today: Today | None) -> float | None:
    """What a million tokens cost today."""
    if today is None or today.usd is None or not today.tokens:
        return None
    return today.usd / today.tokens * MILLION
