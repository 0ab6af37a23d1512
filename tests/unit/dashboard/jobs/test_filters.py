from __future__ import annotations

from datetime import timedelta

import pytest

from laneway_dashboard.jobs.page import wanted_of
from laneway_dashboard.ports.jobs import FILTERS, Wanted

ALL = frozenset(FILTERS)


def test_what_is_asked_for() -> None:
    asked = {"lane": "fast", "label": "team=a=b", "since": "6h", "prefix": " x ", "status": "", "junk": "1"}
    assert wanted_of(asked, ALL) == Wanted(lane="fast", label=("team", "a=b"), since=timedelta(hours=6), prefix="x")


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"label": "team"}, "name=value"), ({"since": "soon"}, "7d"), ({"lane": "x", "code": "y"}, "lane, code")],
)
def test_what_can_not_be_asked_for_is_said(asked: dict[str, str], told: str) -> None:
    found = wanted_of(asked, frozenset({"label", "since"}))
    assert isinstance(found, str)
    assert told in found
