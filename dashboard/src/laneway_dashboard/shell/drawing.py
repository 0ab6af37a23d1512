"""Lines over time as SVG: drawn here, so that no page needs a script to be looked at. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from laneway_dashboard.ports.history import Point

WIDTH, HEIGHT = 600, 120
DOT = 6  # how long a single point is drawn
EDGE = 4  # lines at the rim are drawn whole


@dataclass(frozen=True)
class Frame:
    """What a drawing covers."""

    begin: datetime
    end: datetime
    most: float

    def x(self, at: datetime) -> float:
        """Across."""
        share = (at - self.begin) / (self.end - self.begin)
        return EDGE + share * (WIDTH - 2 * EDGE)

    def y(self, value: float) -> float:
        """Down."""
        return HEIGHT - EDGE - (value / self.most) * (HEIGHT - 2 * EDGE)


def most_of(points: Sequence[Point]) -> float:
    """The greatest value."""
    return max((each.value for each in points if each.value is not None), default=0.0)


def runs(points: Sequence[Point]) -> list[list[Point]]:
    """The points between those of no value."""
    found: list[list[Point]] = [[]]
    for point in points:
        if point.value is None:
            found.append([])
        else:
            found[-1].append(point)
    return [each for each in found if each]


def line(points: Sequence[Point], begin: datetime, end: datetime, title: str, *, small: bool = False) -> Markup:
    """The drawing; `title` says to those who don't see it what there is to see."""
    frame = Frame(begin, end, most_of(points) or 1.0)
    paths = Markup().join(_path(each, frame) for each in runs(points))
    size = Markup(' class="spark"') if small else Markup(' class="chart"')
    return Markup(
        '<svg{size} viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" aria-label="{title}">'
        "<title>{title}</title>{paths}</svg>"
    ).format(size=size, width=WIDTH, height=HEIGHT, title=escape(title), paths=paths)


def _path(run: Sequence[Point], frame: Frame) -> Markup:
    spots = [(frame.x(each.at), frame.y(each.value or 0.0)) for each in run]
    if len(spots) == 1:
        x, y = spots[0]
        return Markup('<polyline class="line" points="{}"/>').format(f"{x - DOT:.1f},{y:.1f} {x:.1f},{y:.1f}")
    trace = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    floor = HEIGHT - EDGE
    area = f"{spots[0][0]:.1f},{floor} {trace} {spots[-1][0]:.1f},{floor}"
    return Markup('<polygon class="area" points="{area}"/><polyline class="line" points="{trace}"/>').format(
        area=area, trace=trace
    )
