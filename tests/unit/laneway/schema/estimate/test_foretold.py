from __future__ import annotations

import pytest

from laneway.schema.estimate.foretold import Foretold, read_foretold
from laneway.schema.estimate.reckon import Asked, estimate
from support.inputs.lines import NOW, lane_estimate


def test_what_was_foretold_is_read_again() -> None:
    told = Foretold(213.4, "tens", "starting")
    assert read_foretold(told.to_metadata()) == told


@pytest.mark.parametrize(
    "text", [None, "", "x", "1.0", "1.0 few", "1.0 few ready more", "nan few ready", "-1.0 few ready", "1e9 few ready"]
)
def test_what_a_stranger_writes_is_nothing(text: str | None) -> None:
    assert read_foretold(text) is None


def test_a_wait_is_held_against_what_was_foretold_within_bounds() -> None:
    told = Foretold(20.0, "few", "ready")
    assert told.ratio(30.0) == 1.5
    assert told.ratio(-5.0) == 0.05
    assert told.ratio(10**9) == 1000.0


def test_a_range_is_kept_uncorrected_and_no_range_is_not_kept() -> None:
    asked = Asked(lane="fast", ahead=41, running=2, now=NOW)
    found = estimate(asked, lane_estimate())
    told = Foretold.of(found)
    assert told is not None
    assert (told.seconds, told.depth, told.standing) == (found.raw_seconds, "tens", "ready")
    assert Foretold.of(estimate(asked, None)) is None
