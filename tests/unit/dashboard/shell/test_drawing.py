from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta

from laneway_dashboard.ports.history import Point
from laneway_dashboard.shell.drawing import line, most_of, runs
from laneway_dashboard.testing.clock import START

HOUR = timedelta(hours=1)


def _points(*values: float | None) -> list[Point]:
    return [Point(START - HOUR + timedelta(minutes=10 * number), value) for number, value in enumerate(values)]


def test_a_line_is_broken_where_nothing_is_known() -> None:
    assert [[each.value for each in run] for run in runs(_points(1, 2, None, None, 3))] == [[1, 2], [3]]


def test_a_drawing_says_what_it_shows_and_stays_in_its_frame() -> None:
    drawn = ET.fromstring(line(_points(0, 5, 10, None, 2), START - HOUR, START, 'at most <10> "jobs"'))  # noqa: S314 - we have just drawn it
    assert drawn.findtext("title") == drawn.get("aria-label") == 'at most <10> "jobs"'
    spots = [spot for each in drawn.iter("polyline") for spot in (each.get("points") or "").split()]
    assert len(spots) == 5
    assert all(0 <= float(x) <= 600 and 0 <= float(y) <= 120 for x, y in (spot.split(",") for spot in spots))


def test_nothing_and_zero_can_be_drawn() -> None:
    assert most_of([]) == most_of(_points(0, None)) == 0
    assert "polyline" in line(_points(0), START - HOUR, START, "zero")
    assert "polyline" not in line([], START - HOUR, START, "nothing")
