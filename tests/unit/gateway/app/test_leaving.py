from __future__ import annotations

import asyncio
import time

from laneway_gateway.app.leaving import HURRY_SECONDS, Bound, Leaving
from laneway_gateway.app.life import PAUSE_SECONDS, pause_of
from laneway_gateway.settings import Address, Settings


class Noted(Bound):
    """Ends nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.bounds: list[float] = []

    def within(self, seconds: float) -> None:
        self.bounds.append(seconds)


async def test_the_first_signal_drains_and_the_second_leaves_at_once() -> None:
    bound = Noted()
    leaving = Leaving(bound, 50.0)
    leaving.signalled()
    assert (leaving.asked.is_set(), leaving.at_once.is_set()) == (True, False)
    leaving.signalled()
    assert leaving.at_once.is_set()
    assert bound.bounds == [50.0, HURRY_SECONDS]


async def test_a_defect_of_ours_leaves_at_once_as_well() -> None:
    bound = Noted()
    leaving = Leaving(bound, 50.0)
    leaving.hurry()
    assert leaving.asked.is_set()
    assert leaving.at_once.is_set()
    assert bound.bounds == [HURRY_SECONDS]


async def test_a_second_signal_ends_the_pause() -> None:
    leaving = Leaving(Noted(), 50.0)
    leaving.signalled()
    pausing = asyncio.ensure_future(leaving.until(600))
    await asyncio.sleep(0)
    began = time.monotonic()
    leaving.signalled()
    await pausing
    assert time.monotonic() - began < 60


async def test_the_pause_has_its_own_end() -> None:
    await Leaving(Noted(), 50.0).until(0.001)


def test_only_what_a_load_balancer_may_lead_to_pauses() -> None:
    assert pause_of(Settings("s3://acme-llm", listen=Address("10.0.12.7", 8000))) == PAUSE_SECONDS
    assert pause_of(Settings("s3://acme-llm")) == 0
