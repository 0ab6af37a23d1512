"""What the pages promise is held by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DELIVERY = ROOT / "docs/explanation/delivery.md"
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def references() -> list[tuple[str, str]]:
    return sorted(set(REFERENCE.findall(DELIVERY.read_text())))


@pytest.mark.parametrize(("file", "test"), references())
def test_a_test_that_the_delivery_page_names_is_there(file: str, test: str) -> None:
    text = (ROOT / file).read_text()
    assert not test or f"\ndef {test}(" in text


def test_every_promise_of_the_delivery_page_names_a_test() -> None:
    _, _, table = DELIVERY.read_text().partition("## Every promise and its test")
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 10
    assert [row for row in rows if not REFERENCE.search(row)] == []
