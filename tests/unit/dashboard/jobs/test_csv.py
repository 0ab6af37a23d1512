from __future__ import annotations

import csv

import pytest

from laneway_dashboard.jobs.csv_lines import COLUMNS, cell, csv_lines
from laneway_dashboard.ports.jobs import Row
from laneway_dashboard.testing.clock import START

ROW = Row("a", START, "failed", "-fast", "=cmd|' /C calc'!A0", 1.5, 2.0, 3, None, {"=x": '"\n@'})


def test_no_cell_is_a_formula() -> None:
    names, cells = csv.reader(csv_lines([ROW]))
    assert tuple(names) == COLUMNS
    assert not any(each.startswith(("=", "+", "-", "@")) for each in cells)
    assert cells[:5] == ["a", "failed", "'-fast", "'=cmd|' /C calc'!A0", "2026-11-29T14:30:00Z"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_would_be_reckoned_is_quoted(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_numbers_stay_numbers() -> None:
    assert (cell(-1.5), cell(None), cell("plain")) == ("-1.5", "", "plain")
