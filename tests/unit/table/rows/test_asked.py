from __future__ import annotations

import pytest

from laneway_table.rows.asked import ALL_FILTERS, EVERYTHING, Cursor, Filter, Offer, Offers, rank
from support.table.rows import AT

PART = Offers((Offer(frozenset({"lane"}), frozenset({"status", "since", "until"})),))


def test_a_cursor_survives_an_address() -> None:
    cursor = Cursor(AT, "a.b-c_d")
    assert Cursor.from_text(cursor.to_text()) == cursor
    assert cursor.to_text().replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("text", ["", "x", "ж", "W10", "WzEsMl0", "eyJhIjoxfQ", "WyIyMDI2LTExLTIyVDEyOjAwOjAwIiwiYSJd"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no place in a list"):
        Cursor.from_text(text)


def test_a_filter_says_what_it_narrows_by() -> None:
    assert Filter().given == frozenset()
    assert Filter(lane="fast", labels={"a": "b"}, since=AT).given == {"lane", "labels", "since"}


@pytest.mark.parametrize(
    ("wanted", "covered"),
    [
        (Filter(lane="fast"), True),
        (Filter(lane="fast", status="failed", since=AT), True),
        (Filter(), False),
        (Filter(status="failed"), False),
        (Filter(lane="fast", code="stalled"), False),
    ],
)
def test_a_table_says_what_it_can_be_asked(wanted: Filter, *, covered: bool) -> None:
    assert PART.cover(wanted) is covered
    assert EVERYTHING.cover(wanted)


def test_sql_offers_all() -> None:
    assert EVERYTHING.questions[0].may == ALL_FILTERS


@pytest.mark.parametrize(
    ("quantile", "count", "place"), [(0.5, 1, 0), (0.5, 2, 0), (0.5, 3, 1), (0.9, 10, 8), (0.99, 100, 98), (1, 5, 4)]
)
def test_ranks_are_the_nearest(quantile: float, count: int, place: int) -> None:
    assert rank(quantile, count) == place
