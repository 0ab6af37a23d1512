"""A batch that a database refuses is halved until the row that it refuses stands alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway_table.errors import RowsRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from laneway_table.rows.row import Row


@dataclass(frozen=True)
class Written:
    """What became of a batch."""

    rows: int
    """That are new, or newer than what was there."""
    refused: tuple[int, ...]
    """Which of the batch the database refuses, by their places in it."""


def write(attempt: Callable[[Sequence[Row]], int], rows: Sequence[Row], first: int = 0) -> Written:
    """Write all but the bad ones by an attempt that writes all or none, and says how many it has; raises what that
    raises but for `RowsRefused`.
    """
    try:
        return Written(attempt(rows) if rows else 0, ())
    except RowsRefused:
        if len(rows) == 1:
            return Written(0, (first,))
    middle = len(rows) // 2
    left, right = write(attempt, rows[:middle], first), write(attempt, rows[middle:], first + middle)
    return Written(left.rows + right.rows, left.refused + right.refused)
