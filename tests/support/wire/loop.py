"""An asyncio loop in a thread, for the servers that stand between processes."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

T = TypeVar("T")

CALL_SECONDS = 30.0


class Loop:
    """A running loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def call(self, action: Coroutine[object, object, T]) -> T:
        """Run a coroutine in the loop, and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(action, self._loop).result(CALL_SECONDS)


@contextmanager
def running_loop() -> Iterator[Loop]:
    """A loop until the end; whatever still runs in it then is cancelled."""
    loop = asyncio.new_event_loop()
    thread = in_thread(loop.run_forever)
    try:
        yield Loop(loop)
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(CALL_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.result(CALL_SECONDS)
        loop.close()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
