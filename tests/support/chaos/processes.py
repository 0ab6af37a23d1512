"""Processes that are killed, stopped, told to leave, and started again: workers, dead-letter handlers, gateways."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from support import canary
from support.aws.moto import CREDENTIALS
from support.local.pool import environment
from support.worker.documents import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from laneway.schema.pool.documents.dead_letters import DeadLettersConfig
    from laneway.schema.pool.documents.lane_documents import LaneDocuments

LEAVE_SECONDS = 60.0


class Process:
    """One process, with a log of its own. Only the main thread starts it: it dies with that."""

    def __init__(self, command: Sequence[str], log: Path, **variables: str) -> None:
        """The command's first word is a program's path."""
        guard = ["-m", "laneway.local.processes.child", str(os.getpid()), str(int(signal.SIGKILL))]
        self._command = [sys.executable, "-P", *guard, *command]
        self._environment = environment(**CREDENTIALS, **variables)
        self.log = log
        canary.watch(log)
        self._child: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        """Monotonic time of the newest start."""
        self.stopped_until: float | None = None
        """Monotonic time at which a stopped process goes on."""

    def start(self) -> None:
        """Start it, or start it again."""
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        """Signal the process."""
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and its end."""
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Its exit code."""
        return 0 if self._child is None else self._child.wait(LEAVE_SECONDS)

    def ended(self) -> int | None:
        """Its exit code, or None while it runs."""
        return None if self._child is None else self._child.poll()

    def stop_until(self, at: float) -> None:
        """SIGSTOP, for `tend` to end."""
        self.send(signal.SIGSTOP)
        self.stopped_until = at

    def tend(self, now: float) -> None:
        """Let it go on where its time has come."""
        if self.stopped_until is not None and now >= self.stopped_until:
            self.send(signal.SIGCONT)
            self.stopped_until = None


def worker_of(documents: LaneDocuments | DeadLettersConfig, folder: Path, name: str) -> Process:
    """One `python -m laneway_worker`, as `laneway up` runs it."""
    command = [sys.executable, "-P", "-m", "laneway_worker", *written(documents, folder, name)]
    return Process(command, folder / f"{name}.log")


@contextmanager
def running(processes: Sequence[Process]) -> Iterator[None]:
    """Start them; at the end none is left."""
    try:
        for each in processes:
            each.start()
        yield
    finally:
        for each in processes:
            each.kill()
