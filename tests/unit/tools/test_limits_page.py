from __future__ import annotations

from pathlib import Path

import pytest
from limits_page import LIMITS, Limit, limits_page

ROOT = Path(__file__).parents[3]
NOTES = {"maxLength": "at most {}", "maxItems": "at most {} items"}


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_the_test_of_every_limit_is_there(limit: Limit) -> None:
    assert (ROOT / limit.test).is_file()


def test_the_page_has_every_limit_and_the_fields_below_others() -> None:
    page = limits_page(NOTES)
    assert all(limit.row() in page for limit in LIMITS)
    for row in (
        "| `images[]` | at most 1,040,384 |",
        "| `labels.*` | at most 256 |",
        "| `spec.lanes` | at most 16 items |",
    ):
        assert row in page
