"""What becomes of a job that nobody here waits for any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_gateway.held.background import Background
    from laneway_gateway.held.records.waiters import Waiters
    from laneway_gateway.held.registry import Entry, Registry
    from laneway_gateway.ports.clock import Clock

GRACE_SECONDS = 15.0  # the client's retry may come


class Leaving:
    """Cancels a job whose client hung up, unless somebody comes back in time, or waits elsewhere, or it is kept."""

    def __init__(self, registry: Registry, waiters: Waiters, clock: Clock, background: Background) -> None:
        """All four are the desk's."""
        self._registry = registry
        self._waiters = waiters
        self._clock = clock
        self._background = background
        self.shutting_down = False
        """Clients that go with the gateway did not hang up."""

    def stay(self, entry: Entry) -> None:
        """Somebody waits for it, again perhaps."""
        entry.waiting += 1
        if entry.leaving is not None:
            entry.leaving.cancel()
            entry.leaving = None

    def let_go(self, entry: Entry, hung_up: bool) -> None:  # noqa: FBT001 - what this one did
        """One waits no longer. Who only looks at a job, before or after its client has hung up, changes nothing."""
        entry.abandoned |= hung_up
        entry.waiting -= 1
        if not entry.waiting:
            entry.leaving = self._background.start(f"leaving {entry.id}", self._leave(entry))

    async def _leave(self, entry: Entry) -> None:
        try:
            if entry.end is None:
                await self._clock.sleep(GRACE_SECONDS)
            await self._waiters.unmark(entry.id)
            if entry.abandoned and await self._is_nobodys(entry):
                entry.cancelling = True
                await self._waiters.cancel(entry.id)
        finally:
            if not entry.waiting:
                self._registry.drop(entry)  # after the mark: the worker looks for it when its stream is closed

    async def _is_nobodys(self, entry: Entry) -> bool:
        if entry.kept or entry.end is not None or self.shutting_down:
            return False
        return not await self._waiters.elsewhere(entry.id)
