"""Writes a worker's report onto its pod, whenever something is to be said."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laneway_worker.errors import Unavailable
from laneway_worker.report.pod_report import Standing, Written, changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.pod import Pod

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0  # some reports come due by time alone
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


class Reporter:
    """The loop of one thread; what it can't write harms nobody."""

    def __init__(
        self, pod: Pod, standing: Callable[[], Standing], clock: Clock, changed: Condition, over: Callable[[], bool]
    ) -> None:
        """`standing` is called under `changed`, the worker's one condition; `over` says when to end."""
        self._pod = pod
        self._standing = standing
        self._clock = clock
        self._changed = changed
        self._over = over
        self._written = Written()
        self._pause = FIRST_PAUSE_SECONDS
        self._failed = False

    def run(self) -> None:
        """Write what is new, until the worker ends."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over() or bool(self._due()), LOOK_SECONDS)
                due = self._due()
            if self._over():
                return
            if due:
                self._write(due)

    def _due(self) -> dict[str, str | None]:
        return changes(self._standing(), self._written, self._clock.monotonic())

    def _write(self, due: dict[str, str | None]) -> None:
        now = self._clock.monotonic()
        try:
            self._pod.annotate(due)
        except Unavailable as error:
            self._wait_after(error)
            return
        self._written = self._written.after(due, now)
        self._pause = FIRST_PAUSE_SECONDS
        if self._failed:
            log.info("the pod's annotations are written again")
        self._failed = False

    def _wait_after(self, error: Unavailable) -> None:
        if not self._failed:
            log.warning("can't write the pod's annotations, trying on: %s", error)
        self._failed = True
        with self._changed:
            self._changed.wait_for(self._over, self._pause)
        self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
