"""Processes of ours that are restarted when they die; their log lines feed the board and a file."""

from __future__ import annotations

import json
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from laneway.local.processes.children import PYTHON, how_ended

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from laneway.local.processes.children import Child, Children
    from laneway.local.say import Say

FIRST_RESTART_SECONDS = 0.5
LONGEST_RESTART_SECONDS = 30.0
READ_SECONDS = 5.0
HEALTHY_SECONDS = 60.0  # what ran for so long restarts at once
HOPELESS_RESTARTS = 3  # nobody waits any longer for what jobs are answered without


class Stats(Protocol):
    """What is known of a process."""

    def take(self, event: dict[str, Any], now: float) -> None:
        """Take one of its log lines."""

    def died(self, how: str) -> None:
        """It has ended, and is started again."""


class KeptProcess:
    """Keeps one process of the pool's running; the main thread calls `tend` again and again."""

    def __init__(
        self,
        argv: Sequence[str],
        log: Path,
        stats: Stats,
        environment: Callable[[], Mapping[str, str]],
        children: Children,
        say: Say,
    ) -> None:
        """`argv` is a module of ours and its arguments, `environment` is asked at each start. Nothing runs before the
        first `tend`.
        """
        self._name = log.stem
        self._argv = argv
        self._log = log
        self._stats = stats
        self._children = children
        self._environment = environment
        self._say = say
        self._child: Child | None = None
        self._reader: threading.Thread | None = None
        self._started = 0.0
        self._pause = FIRST_RESTART_SECONDS
        self._next_start = 0.0

    def tend(self, now: float) -> None:
        """Start it where it does not run; `now` is monotonic."""
        if self._child is not None and self._child.process.poll() is not None:
            self._bury(self._child, now)
        if self._child is None and now >= self._next_start:
            self._start(now)

    def _start(self, now: float) -> None:
        argv = [*PYTHON, "-m", *self._argv]
        # without us there is no AWS to drain to: the leases bring a worker's jobs back
        self._child = self._children.start(self._name, argv, self._environment(), orphaned=signal.SIGKILL)
        self._started = now
        self._reader = threading.Thread(target=self._read, args=(self._child,), daemon=True)
        self._reader.start()

    def _bury(self, child: Child, now: float) -> None:
        how = how_ended(child)
        self._close(child)
        self._child = None
        self._stats.died(how)
        if now - self._started > HEALTHY_SECONDS:
            self._pause = FIRST_RESTART_SECONDS
        self._next_start = now + self._pause
        self._say.line(f"{self._name} ended with {how}, restarting in {self._pause:g} s ({self._log})")
        self._pause = min(LONGEST_RESTART_SECONDS, self._pause * 2)

    def _read(self, child: Child) -> None:
        with self._log.open("ab") as log:
            for raw in child.output:
                log.write(raw)
                log.flush()
                try:
                    event = json.loads(raw)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    self._stats.take(event, time.monotonic())

    def kill(self) -> None:
        """SIGKILL: a worker's jobs come back when their leases end."""
        if self._child is not None:
            self._child.signal(signal.SIGKILL)

    def ask_to_stop(self) -> None:
        """SIGTERM: the first drains, the second gives everything back, or leaves at once."""
        if self._child is not None:
            self._child.signal(signal.SIGTERM)

    @property
    def stopped(self) -> bool:
        """Whether no process is left."""
        return self._child is None or self._child.process.poll() is not None

    def end(self) -> None:
        """Make sure that it is gone."""
        if self._child is not None:
            self._close(self._child)

    def _close(self, child: Child) -> None:
        """Its last words are read before the pipe is closed."""
        child.stop()
        if self._reader is not None:
            self._reader.join(timeout=READ_SECONDS)
        child.output.close()
