"""The end of what `laneway up` keeps running: workers finish what they have, and the gateway passes it on."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from laneway.local.processes.kept import KeptProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from laneway.local.processes.stopping import Stopping
    from laneway.local.say import Say

LOOK_SECONDS = 0.05
GIVE_BACK_SECONDS = 10.0  # after the second Ctrl-C; a worker that is stuck gets SIGKILL then
LAST_WORDS_SECONDS = 3.0  # the gateway looks for results each two seconds
HURRY_SECONDS = 5.0


class Ending:
    """SIGTERM, wait for running jobs; a further Ctrl-C sends the second SIGTERM: everything goes back."""

    def __init__(self, workers: Sequence[KeptProcess], doors: Sequence[KeptProcess], stopping: Stopping) -> None:
        """`doors` are the gateway, where there is one: it holds clients as long as workers answer."""
        self._workers = workers
        self._doors = doors
        self._stopping = stopping

    def run(self, say: Say) -> None:
        """Until none of them is left."""
        self._stopping.starting = False
        _each((*self._workers, *self._doors), KeptProcess.ask_to_stop)
        if not _all_stopped(self._workers):
            say.line("stopping: running jobs are finished first; Ctrl-C again gives them back to the queue")
        self._wait_for_workers()
        self._wait_for_doors()
        _each((*self._workers, *self._doors), KeptProcess.end)

    def _wait_for_workers(self) -> None:
        seen, kill_at = self._stopping.asked, math.inf
        while not _all_stopped(self._workers):
            if self._stopping.asked > seen:
                seen = self._stopping.asked
                kill_at = min(kill_at, time.monotonic() + GIVE_BACK_SECONDS)
                _each((*self._workers, *self._doors), KeptProcess.ask_to_stop)
            if time.monotonic() > kill_at:
                _each(self._workers, KeptProcess.kill)
            time.sleep(LOOK_SECONDS)

    def _wait_for_doors(self) -> None:
        """What is held now waits for jobs that nobody works on: their clients are told so by the second SIGTERM."""
        for seconds in (LAST_WORDS_SECONDS, HURRY_SECONDS):
            until = time.monotonic() + seconds
            while not _all_stopped(self._doors) and time.monotonic() < until:
                time.sleep(LOOK_SECONDS)
            _each(self._doors, KeptProcess.ask_to_stop)


def _all_stopped(processes: Sequence[KeptProcess]) -> bool:
    return all(each.stopped for each in processes)


def _each(processes: Sequence[KeptProcess], action: Callable[[KeptProcess], None]) -> None:
    for process in processes:
        action(process)
