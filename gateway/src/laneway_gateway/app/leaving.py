"""SIGTERM: the first one drains, the second one leaves at once, and nothing that hangs holds the exit."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from contextlib import suppress

SIGNALS = (signal.SIGTERM, signal.SIGINT)
FORCED = 1
HURRY_SECONDS = 3.0  # for the ends of held requests, and the registration
log = logging.getLogger(__name__)


class Bound:
    """Ends the process when its time is over, whatever hangs: a call to AWS in a thread that nobody can end, say."""

    def __init__(self) -> None:
        """No bound yet."""
        self._timer: threading.Timer | None = None

    def within(self, seconds: float) -> None:
        """So long from now; it stands in the place of what was said before."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, _end, (seconds,))
        self._timer.daemon = True
        self._timer.start()


class Leaving:
    """What has been asked for so far."""

    def __init__(self, bound: Bound, seconds: float) -> None:
        """`seconds` is how long a drain may take at most."""
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()
        self._bound = bound
        self._seconds = seconds

    def watch(self) -> None:
        """Hear signals from now on: the first process of a container is not ended by those that it does not hear."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.signalled)

    def signalled(self) -> None:
        """One has come."""
        first = not self.asked.is_set()
        self._bound.within(self._seconds if first else HURRY_SECONDS)
        (self.asked if first else self.at_once).set()

    def hurry(self) -> None:
        """As if it had been asked for twice."""
        self.asked.set()
        self.signalled()

    async def until(self, seconds: float) -> None:
        """Wait so long, or until it is to be at once."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.at_once.wait(), seconds)


def _end(seconds: float) -> None:
    """Threads that wait for AWS would be waited for at the end of Python, for 100 s at most."""
    names = sorted(each.name for each in threading.enumerate() if not each.daemon)
    log.warning("leaving without waiting for what hangs", extra={"fields": {"after_seconds": seconds, "left": names}})
    sys.stdout.flush()
    os._exit(FORCED)
