"""Child processes, each with its own process group, so that nothing is left behind: not even Ollama's runners."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TERM_SECONDS = 10.0
POLL_SECONDS = 0.05


class Child:
    """A running process."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Started by `Children.start`."""
        self.name = name
        self.process = process

    @property
    def pid(self) -> int:
        """Also the id of its process group."""
        return self.process.pid

    @property
    def output(self) -> IO[bytes]:
        """Its standard output, where it was started with a pipe."""
        assert self.process.stdout is not None  # noqa: S101 - asked only of piped children
        return self.process.stdout

    def signal(self, number: signal.Signals) -> None:
        """Signal the process alone."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self, seconds: float = TERM_SECONDS) -> None:
        """SIGTERM, then after `seconds` SIGKILL; either way the whole group is gone afterwards."""
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        kill_group(self.pid)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Children:
    """The children of this `laneway up`, recorded in a file: what a killed one left, the next one ends."""

    def __init__(self, record: Path) -> None:
        """`record` is in the state folder."""
        self._record = record
        self._lock = threading.Lock()
        self._running: list[Child] = []

    def start(self, name: str, argv: Sequence[str], environment: Mapping[str, str], log: Path | None = None) -> Child:
        """Start a program; its output goes to `log`, or to a pipe where there is none. Call from a lasting thread."""
        command = [sys.executable, "-m", "laneway.local.child", *argv]
        with contextlib.ExitStack() as stack:
            sink = stack.enter_context(log.open("ab")) if log else subprocess.PIPE
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
        child = Child(name, process)
        with self._lock:
            self._running = [each for each in self._running if each.process.poll() is None]
            self._running.append(child)
            self._write()
        return child

    def forget(self) -> None:
        """All are stopped."""
        with self._lock:
            self._running = []
            self._record.unlink(missing_ok=True)

    def _write(self) -> None:
        rows = [{"name": each.name, "pid": each.pid, "started": _started(each.pid)} for each in self._running]
        draft = self._record.with_suffix(".new")
        draft.write_text(json.dumps(rows) + "\n")
        draft.replace(self._record)

    def end_leftovers(self) -> list[str]:
        """End what a killed `laneway up` left; returns the names. A pid that now is another process is left alone."""
        try:
            rows = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return []
        left = [row for row in rows if row["started"] is not None and _started(row["pid"]) == row["started"]]
        for row in left:
            _end(row["pid"])
        self._record.unlink(missing_ok=True)
        return [str(row["name"]) for row in left]


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + TERM_SECONDS
    while _started(pid) is not None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    kill_group(pid)


def kill_group(pid: int) -> None:
    """SIGKILL to whatever is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _started(pid: int) -> str | None:
    """What tells a process from a later one of the same pid: its start time; None where it is gone or a zombie."""
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not answer or answer.startswith("Z") else answer.split(maxsplit=1)[-1]
