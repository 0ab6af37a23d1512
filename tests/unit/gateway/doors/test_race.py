from __future__ import annotations

import asyncio

import pytest

from laneway_gateway.doors.race import until


class Ended:
    def __init__(self) -> None:
        self.times = 0

    async def forever(self) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            self.times += 1
        return "never"


async def now(value: str) -> str:
    return value


async def broken() -> str:
    raise ValueError("broken")


async def test_the_first_one_counts_and_the_others_end() -> None:
    others = Ended()
    assert await until(others.forever(), now("end"), others.forever()) == "end"
    assert others.times == 2


async def test_the_work_counts_where_both_come_at_once() -> None:
    assert await until(now("work"), now("end")) == "work"


async def test_what_it_raises_comes_through_and_the_others_end() -> None:
    others = Ended()
    with pytest.raises(ValueError, match="broken"):
        await until(broken(), others.forever())
    assert others.times == 1


async def test_all_end_with_whoever_waits() -> None:
    others = Ended()
    waiting = asyncio.ensure_future(until(others.forever(), others.forever()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert others.times == 2
