"""Answers checked by `laneway_worker.checker`: a process of its own, and a child of it for each job."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Self

from laneway.schema.job.codes import ErrorCode
from laneway_worker.adapters.frames import receive, send
from laneway_worker.errors import JobError
from laneway_worker.ports.checker import STEP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = [sys.executable, "-I", "-m", "laneway_worker.checker"]
TOO_MUCH = "takes more time or memory than there is for it; simplify the schema"
ANSWER_SECONDS = STEP_SECONDS + 4  # the child ends itself before


class ProcessChecker:
    """Serves all threads of a worker. The process is started with the first schema, and again when it is gone."""

    def __init__(self) -> None:
        """Nothing is started yet."""
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def open(self, schema: dict[str, Any]) -> Iterator[Callable[[str], None]]:
        """See the port."""
        with _Job(self._connect, json.dumps(schema).encode()) as job:
            yield job.check

    def close(self) -> None:
        """End the process; another schema would start it again."""
        with self._lock:
            self._end()

    def _connect(self) -> socket.socket:
        """A child for a job."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for control in self._controls():
                with contextlib.suppress(OSError):
                    socket.send_fds(control, [b"j"], [theirs.fileno()])
                    break
        ours.settimeout(ANSWER_SECONDS)
        return ours

    def _controls(self) -> Iterator[socket.socket]:
        """The process's socket; where that does not take it, the socket of a new process."""
        if self._control is not None:
            yield self._control
        self._end()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*PROGRAM, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env={}
            )
        yield self._control

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._control = self._process = None


class _Job:
    """One job's schema in a child. A child that is gone is replaced once: its end may be nobody's fault."""

    def __init__(self, connect: Callable[[], socket.socket], schema: bytes) -> None:
        self._connect = connect
        self._schema = schema
        self._child: socket.socket | None = None

    def __enter__(self) -> Self:
        words = self._look_through()
        if words is None:
            self._close()
            words = self._look_through()
        if words is None:
            self._close()
            raise JobError(ErrorCode.INVALID_JOB, f"format is not usable: to look it through {TOO_MUCH}")
        if words:
            self._close()
            raise JobError(ErrorCode.INVALID_JOB, words)
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def check(self, text: str) -> None:
        """See the port."""
        words = self._ask(text.encode(errors="replace"))
        if words is None:
            self._close()
            words = self._ask(text.encode(errors="replace")) if self._look_through() == "" else None
        if words is None:
            self._close()
            raise JobError(ErrorCode.FORMAT_NOT_MET, f"to check the answer {TOO_MUCH}", final=True)
        if words:
            raise JobError(ErrorCode.FORMAT_NOT_MET, words)

    def _look_through(self) -> str | None:
        self._child = self._connect()
        return self._ask(self._schema)

    def _ask(self, data: bytes) -> str | None:
        """What is wrong; nothing where nothing is, None where there is no answer."""
        if self._child is None:
            return None
        try:
            send(self._child, data)
            found = receive(self._child)
        except OSError:
            return None
        return None if found is None else found.decode(errors="replace")

    def _close(self) -> None:
        if self._child is not None:
            self._child.close()
        self._child = None
