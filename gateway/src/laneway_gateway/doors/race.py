"""Several things that may happen: the first one counts, and the others end by it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    Work = TypeVar("Work")
    End = TypeVar("End")


async def until(work: Coroutine[Any, Any, Work], *ends: Coroutine[Any, Any, End]) -> Work | End:
    """What comes first, or what it raises; the work where both come at once. The others have ended on return."""
    tasks: list[asyncio.Task[Any]] = [asyncio.ensure_future(each) for each in (work, *ends)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        found: Work | End = next(each for each in tasks if each.done()).result()
        return found
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
