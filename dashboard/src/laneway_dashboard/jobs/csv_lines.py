"""A list as CSV (RFC 4180) that no spreadsheet takes for formulas: pure."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from laneway_dashboard.shell.words import machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from laneway_dashboard.ports.jobs import Row

COLUMNS = (
    "id", "status", "lane", "code", "finished_at", "queued_seconds", "run_seconds", "tokens", "usd", "labels",
)  # fmt: skip
MARK = "\ufeff"
"""Excel reads a file that doesn't begin with it in the machine's old code page: `Müller` as `MÃ¼ller`."""
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that Excel and its likes reckon: https://owasp.org/www-community/attacks/CSV_Injection."""


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    """The names first."""
    yield MARK + _line(COLUMNS)
    for row in rows:
        yield _line([cell(each) for each in _values(row)])


def _values(row: Row) -> tuple[object, ...]:
    labels = json.dumps(dict(row.labels), ensure_ascii=False) if row.labels else None
    return (
        row.id, row.status, row.lane, row.code, machine(row.finished_at), row.queued_seconds, row.run_seconds,
        row.tokens, row.usd, labels,
    )  # fmt: skip


def cell(value: object) -> str:
    """A text that would be a formula is quoted."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULAS) else text


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
