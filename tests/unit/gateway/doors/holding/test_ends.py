from __future__ import annotations

import pytest

from laneway_gateway.doors.holding.ends import patience


@pytest.mark.parametrize(
    ("deadline", "edge", "seconds"),
    [(None, 60, 55), (600, 60, 55), (30, 60, 25), (6, 60, 3), (1, 60, 0.5), (None, 4, 2), (600, 900, 595)],
)
def test_an_answer_comes_before_anybody_gives_up(deadline: float | None, edge: float, seconds: float) -> None:
    assert patience(deadline, edge) == seconds
