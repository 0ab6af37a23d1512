"""Ctrl-C and SIGTERM while a pool starts, and while it runs."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import ExitStack


class Stopping:
    """Counts Ctrl-C and SIGTERM. While the pool starts, the first one ends it; once it runs, the first one drains."""

    def __init__(self) -> None:
        """Installed by `watch`."""
        self.asked = 0
        self.starting = True

    def watch(self, stack: ExitStack) -> None:
        """Take over the signals until the stack closes."""
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, self._count))

    def _count(self, *_: object) -> None:
        self.asked += 1
        if self.starting:
            self.starting = False  # what unwinds now should not be interrupted again
            raise KeyboardInterrupt
