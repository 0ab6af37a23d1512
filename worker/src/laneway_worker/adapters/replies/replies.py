"""The port `Replies`, by gateways' registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.adapters.replies.channel import WiredChannel
from laneway_worker.adapters.replies.wire import To
from laneway_worker.ports.replies import NO_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.history import History
    from laneway_worker.adapters.replies.channel import Wire
    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.replies import Channel

MOST_NUMBER = 1000  # attempts, and receives: beyond it they count as so many
MOST_NAME = 128  # characters of a worker's name


class WiredReplies:
    """Opens channels over a wire."""

    def __init__(self, wire: Wire, clock: Clock, worker: str) -> None:
        """`worker` is told as who works."""
        self._wire = wire
        self._clock = clock
        self._worker = worker[:MOST_NAME]

    def open(self, history: History, receives: int, lost: Callable[[], None]) -> Channel:
        """See the port."""
        reply = history.reply
        if reply is None:
            return NO_CHANNEL
        attempt = min(history.attempts + 1, MOST_NUMBER)
        to = To(reply.gateway, history.id, reply.stream, attempt, min(receives, MOST_NUMBER))
        return WiredChannel(self._wire, self._clock, to, self._worker, lost)
