"""The first page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_dashboard.desk import path_of
from laneway_dashboard.ports.visitors import Right
from laneway_dashboard.seen.verdicts import ORDER, pool_verdict, verdict
from laneway_dashboard.shell.answers import View
from laneway_dashboard.shell.drawing import line

if TYPE_CHECKING:
    from datetime import datetime

    from markupsafe import Markup

    from laneway_dashboard.desk import Desk
    from laneway_dashboard.ports.watching import PoolSeen
    from laneway_dashboard.seen.verdicts import Verdict
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

SPARK = timedelta(hours=1)


def page(asked: Asked, desk: Desk) -> Answer:
    """What is worst stands first."""
    snapshot = desk.seen.look()
    found = [(pool_verdict(each), each) for each in snapshot.pools if asked.visitor.may(Right.LOOK, each.name)]
    found.sort(key=lambda each: (ORDER.index(each[0].mood), each[1].name))
    cards = [card(desk, pool, of, asked.now) for of, pool in found]
    return View("pools.html", {"cards": cards, "at": snapshot.at}, tab="pools")


def card(desk: Desk, pool: PoolSeen, of: Verdict, now: datetime) -> dict[str, object]:
    """What is shown of one pool."""
    lanes = [
        {"seen": lane, "verdict": verdict(lane), "spark": spark(desk, pool.name, lane.name, now)} for lane in pool.lanes
    ]
    return {"pool": pool, "verdict": of, "lanes": lanes, "path": path_of(pool.name)}


def spark(desk: Desk, pool: str, lane: str, now: datetime) -> Markup:
    """How many were queued in the last hour, small."""
    points = desk.seen.depths.of(pool, lane, now - SPARK)
    most = max((each.value for each in points if each.value is not None), default=None)
    told = "nothing seen yet" if most is None else f"at most {most:,.0f}"
    return line(points, now - SPARK, now, f"queued over the last hour: {told}", small=True)
