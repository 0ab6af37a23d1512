"""Since when the line of a lane is as it should not be: what KEDA is there to see to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.errors import NotYet
from laneway_operator.queues.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway_operator.queues.port import Depth, Queues

LOOK_SECONDS = 30.0  # workers that come and go cause passes, several a second


class Lines:
    """Serves several threads; a queue is looked at by one of them at a time. Since when is not kept over a restart: a
    new operator tells a little later.
    """

    def __init__(self, queues: Queues, now: Callable[[], datetime]) -> None:
        """`now` has a zone."""
        self._queues = queues
        self._now = now
        self._well: Recent[str, bool] = Recent()
        self._since: dict[str, tuple[float, float]] = {}
        """When it was seen so first, and last."""

    def lasts(self, url: str, region: str, wrong: Callable[[Depth], bool]) -> float | None:
        """For how many seconds what a queue holds has been seen to be `wrong`; None where it is not, or nothing was
        seen of it. One call; none where it was well some minutes ago, or wrong some seconds ago.
        """
        now = self._now().timestamp()
        first, last = self._since.get(url, (now, None))
        if last is not None and now - last < LOOK_SECONDS:
            return now - first
        if self._well.get(url, now):
            return None
        try:
            depth = self._queues.depth(url, region)
        except NotYet:  # a call that failed mends nothing
            return None if last is None else last - first
        if not wrong(depth):
            self.forget(url)
            self._well.put(url, value=True, now=now)
            return None
        self._since[url] = first, now
        return now - first

    def forget(self, url: str) -> None:
        """The lane is one of which nothing is asked."""
        self._since.pop(url, None)
