from __future__ import annotations

import pytest

from laneway_dashboard.adapters.failed import MOST_LISTED, MOST_READ, which


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (MOST_READ, ""),
        (MOST_READ + 1, "These are the newest 1,000 of 1,001: "),
        (MOST_LISTED + 1, "There are more than 10,000: these are the newest 1,000 of the 10,000 whose ids come first."),
    ],
)
def test_which_failed_jobs_are_read_is_told(count: int, told: str) -> None:
    assert which(count).startswith(told)
    assert bool(which(count)) is bool(told)
