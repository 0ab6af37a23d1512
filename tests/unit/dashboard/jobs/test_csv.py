from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from laneway_dashboard.jobs.csv_lines import COLUMNS, cell, csv_lines
from laneway_dashboard.ports.jobs import Row
from laneway_dashboard.testing.clock import START

ROW = Row("a", START, "failed", "-fast", "=cmd|' /C calc'!A0", 1.5, 2.0, 3, None, {"=x": '"\n@'})


def test_no_cell_is_a_formula() -> None:
    _, cells = csv.reader(csv_lines([ROW]))
    assert not any(each.startswith(("=", "+", "-", "@")) for each in cells)
    assert cells[:5] == ["a", "failed", "'-fast", "'=cmd|' /C calc'!A0", "2026-11-29T14:30:00Z"]


def test_a_spreadsheet_is_told_that_it_is_unicode() -> None:
    labels = {"team": "Müller \N{ROCKET}"}
    text = "".join(csv_lines([replace(ROW, labels=labels)])).encode()
    assert text.startswith(b"\xef\xbb\xbf")
    names, cells = csv.reader(text.decode("utf-8-sig").splitlines())
    assert tuple(names) == COLUMNS
    assert json.loads(cells[-1]) == labels


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_would_be_reckoned_is_quoted(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_numbers_stay_numbers() -> None:
    assert (cell(-1.5), cell(None), cell("plain")) == ("-1.5", "", "plain")
