from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from laneway_operator.runner import THREADS, Runner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_operator.observe import Key

GOOD = ("nlp", "good")
BAD = [("nlp", f"bad-{number}") for number in range(2 * THREADS)]


class Passes:
    """In a reconciler's place."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.came = asyncio.Event()

    def reconcile(self, seen: Any) -> bool:
        assert seen == GOOD
        self.loop.call_soon_threadsafe(self.came.set)
        return False


def snapshot(_: Mapping[str, Any], key: Key) -> Any:
    if key in BAD:
        raise ValueError(key)
    return key


async def scene() -> float:
    passes = Passes()
    runner = Runner(passes, snapshot)  # type: ignore[arg-type] # because it is only asked to reconcile
    runner.start({})
    for key in (*BAD, GOOD):
        runner.add(key)
    await asyncio.wait_for(passes.came.wait(), 10)
    await runner.stop()
    return runner.stuck_seconds()


def test_pools_that_can_not_be_looked_at_hold_up_no_other() -> None:
    assert asyncio.run(scene()) < 10
