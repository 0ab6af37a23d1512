"""What runs as long as the process does, and what becomes of errors that nobody awaits."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from laneway.logs import log_defect

if TYPE_CHECKING:
    from collections.abc import Coroutine

log = logging.getLogger(__name__)


class Tasks:
    """Named, and ended by their names."""

    def __init__(self) -> None:
        """None yet."""
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, act: Coroutine[Any, Any, None]) -> None:
        """Let it run."""
        self._running[name] = asyncio.create_task(act, name=name)

    async def one_ends(self) -> None:
        """Wait until one of them ends, which none should; the log says which."""
        done, _ = await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            log.error("ended, which it never should: %s", each.get_name())
            if not each.cancelled() and (error := each.exception()) is not None:
                log_defect(log, error)

    async def end(self, *names: str) -> None:
        """Cancel them, one after the other, and wait; all that are left where none is named."""
        for name in names or tuple(self._running):
            task = self._running.pop(name)
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):  # it was told where it ended
                await task


def without_text(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The event loop's own words of an error that nobody awaits hold its text, which may quote a request."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        log_defect(log, error)
    else:
        log.error("the event loop: %s", context.get("message"))
