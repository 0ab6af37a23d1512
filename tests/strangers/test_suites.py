"""Suites that strangers wrote, unmodified: what fails is known, with its reason, and what is known to fail does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.strangers.known import stale, unknown
from support.strangers.suites import SUITES, Suite

if TYPE_CHECKING:
    from pathlib import Path

    from support.strangers.target import Target


@pytest.mark.parametrize("suite", SUITES, ids=[each.name for each in SUITES])
def test_a_suite_fails_where_it_is_known_to_and_nowhere_else(suite: Suite, target: Target, tmp_path: Path) -> None:
    outcomes = suite.run(target.url, tmp_path)
    assert not unknown(suite.name, outcomes)
    assert not stale(suite.name, outcomes)
