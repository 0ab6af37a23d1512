"""Who waits for jobs, in memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from laneway_worker.ports.replies import NO_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.history import History
    from laneway.schema.job.result import Result
    from laneway_worker.ports.replies import Channel, Reason


class MemoryChannel:
    """What was told of one delivery, line by line."""

    def __init__(self, job_id: str, order: tuple[int, int], lost: Callable[[], None]) -> None:
        """`order` is the attempt, from 1, and the receives."""
        self.job_id = job_id
        self.order = order
        self.told: list[tuple[str, Any]] = []
        """Each line's name and what it holds."""
        self.lost = False
        self._hung_up = lost
        self._tells = False
        self._over = False

    def started(self) -> None:
        """See the port."""
        if self._tells and self.told[-1][0] == "started":
            return
        self.again("given_back")
        if not self._over:
            self._tells = True
            self.tell("started", self.order[0])

    def record(self, line: bytes) -> None:
        """See the port."""
        if self._tells:
            self.tell("record", json.loads(line))

    def again(self, reason: Reason) -> None:
        """See the port."""
        if self._tells:
            self._tells = False
            self.tell("again", reason)

    def ended(self, result: Result, etag: str) -> None:
        """See the port."""
        if not self._over:
            self._tells, self._over = False, True
            self.tell("ended", (result.status, etag))

    def tell(self, name: str, holds: object) -> None:
        """Note a line, where anybody hears it."""
        if not self.lost:
            self.told.append((name, holds))

    def hang_up(self) -> None:
        """Nobody hears any more."""
        self.lost = True
        self._hung_up()


class MemoryReplies:
    """The port `Replies`."""

    def __init__(self) -> None:
        """Nobody was told anything."""
        self.channels: list[MemoryChannel] = []

    def open(self, history: History, receives: int, lost: Callable[[], None]) -> Channel:
        """See the port."""
        if history.reply is None:
            return NO_CHANNEL
        channel = self.channel(history.id, (history.attempts + 1, receives), lost)
        self.channels.append(channel)
        return channel

    def channel(self, job_id: str, order: tuple[int, int], lost: Callable[[], None]) -> MemoryChannel:
        """A new one."""
        return MemoryChannel(job_id, order, lost)
