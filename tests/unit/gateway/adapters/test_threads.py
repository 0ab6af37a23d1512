"""Blocking calls in threads: a burst waits for its turn, and what answers nobody is told in time."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest

from laneway.client.remote import CONNECTIONS
from laneway_gateway.adapters.aws import Threads
from laneway_gateway.errors import PoolUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 0.5


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(PATIENCE)
    yield made
    made.close()


def slow() -> float:
    """A call that is answered: within its time, but a burst of them takes several times as long."""
    return threading.Event().wait(PATIENCE / 4)


async def test_a_burst_waits_for_a_thread_as_long_as_calls_come_back(threads: Threads) -> None:
    began = time.monotonic()
    await asyncio.gather(*(threads.call(slow) for _ in range(6 * CONNECTIONS)))
    assert time.monotonic() > began + PATIENCE, "the last had waited for longer than a call may take"


async def test_behind_calls_that_nobody_answers_a_new_one_is_told_in_time_and_never_made(threads: Threads) -> None:
    hang, made = threading.Event(), list[int]()
    hanging = [asyncio.ensure_future(threads.call(hang.wait)) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0)  # they begin
    try:
        with pytest.raises(PoolUnreachable, match=r"has not answered for 0\.5 s"):
            await threads.call(lambda: made.append(1))
        ended = await asyncio.gather(*hanging, return_exceptions=True)
        assert {type(each) for each in ended} == {PoolUnreachable}
    finally:
        hang.set()
    await threads.call(lambda: made.append(2))
    assert made == [2]


async def test_who_no_longer_waits_for_a_thread_makes_no_call(threads: Threads) -> None:
    hang, made = threading.Event(), list[int]()
    hanging = [asyncio.ensure_future(threads.call(hang.wait)) for _ in range(CONNECTIONS)]
    left = asyncio.ensure_future(threads.call(lambda: made.append(1)))
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    hang.set()
    await asyncio.gather(*hanging)
    await threads.call(lambda: made.append(2))
    assert made == [2]
