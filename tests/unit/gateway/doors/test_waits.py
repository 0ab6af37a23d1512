from __future__ import annotations

import pytest

from laneway_gateway.doors.waits import FRESH_SECONDS, Waits
from laneway_gateway.testing.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_a_wait_is_reckoned_by_those_before_it(clock: ManualClock) -> None:
    waits = Waits(clock)
    assert waits.of("fast", 3) is None
    waits.learn("fast", 1, 20)
    assert (waits.of("fast", 0), waits.of("fast", 3), waits.of("slow", 3)) == (10, 40, None)
    waits.learn("fast", 0, 2)
    assert waits.of("fast", 0) == 6


async def test_what_nobody_knows_teaches_nothing(clock: ManualClock) -> None:
    waits = Waits(clock)
    waits.learn("fast", None, 20)
    assert waits.of("fast", 0) is None
    waits.learn("fast", 0, 20)
    assert waits.of("fast", None) is None


async def test_what_was_so_long_ago_says_nothing(clock: ManualClock) -> None:
    waits = Waits(clock)
    waits.learn("fast", 0, 180)
    await clock.advance(FRESH_SECONDS)
    assert waits.of("fast", 0) is None
    waits.learn("fast", 0, 2)
    assert waits.of("fast", 0) == 2


async def test_who_gives_up_early_makes_no_wait_shorter(clock: ManualClock) -> None:
    waits = Waits(clock)
    waits.outlasted("fast", 0, 5)
    assert waits.of("fast", 0) == 5
    waits.learn("fast", 0, 995)
    for _ in range(6):
        waits.outlasted("fast", 0, 0.5)
    assert waits.of("fast", 0) == 500
    waits.outlasted("fast", None, 9000)
    assert waits.of("fast", 0) == 500
