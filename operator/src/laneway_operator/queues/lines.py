"""Whether jobs wait at lanes that have no worker: what KEDA is there to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.errors import NotYet
from laneway_operator.queues.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway_operator.queues.port import Queues


class Lines:
    """Serves several threads; a queue is looked at by one of them at a time. Since when is not kept over a restart: a
    new operator tells a little later.
    """

    def __init__(self, queues: Queues, now: Callable[[], datetime]) -> None:
        """`now` has a zone."""
        self._queues = queues
        self._now = now
        self._empty: Recent[str, bool] = Recent()
        self._since: dict[str, float] = {}

    def waited(self, url: str, region: str) -> float | None:
        """For how many seconds jobs have been seen to wait in the queue of a lane without workers; None where none
        does, or the operator's identity may not look. One call, or none where it was empty some minutes ago.
        """
        now = self._now().timestamp()
        if self._empty.get(url, now):
            return None
        try:
            waiting = self._queues.waiting(url, region)
        except NotYet:
            return None
        if not waiting:
            self.woke(url)
            self._empty.put(url, value=True, now=now)
            return None
        return now - self._since.setdefault(url, now)

    def woke(self, url: str) -> None:
        """The lane has workers, or may have none."""
        self._since.pop(url, None)
