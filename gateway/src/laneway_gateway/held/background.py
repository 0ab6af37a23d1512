"""What goes on while nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from laneway_gateway.errors import PoolUnreachable

if TYPE_CHECKING:
    from collections.abc import Coroutine

log = logging.getLogger(__name__)


class Background:
    """Tasks that end by themselves, and at the latest with the process."""

    def __init__(self) -> None:
        """None yet."""
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, what: str, act: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin; what goes wrong is logged, and costs nobody else anything."""
        task = asyncio.create_task(self._run(what, act))
        self._tasks.add(task)
        task.add_done_callback(lambda _: act.close())  # one that was cancelled before it began would never be awaited
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, what: str, act: Coroutine[Any, Any, None]) -> None:
        try:
            await act
        except PoolUnreachable as error:
            log.warning("%s: %s", what, error)
        except Exception:
            log.exception("%s", what)

    async def close(self) -> None:
        """End what still runs."""
        tasks = list(self._tasks)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
