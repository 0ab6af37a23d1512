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
from laneway_worker.errors import Interrupted, JobError
from laneway_worker.ports.checker import STEP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from laneway_worker.ports.checker import Checking

PROGRAM = [sys.executable, "-I", "-m", "laneway_worker.checker"]
TOO_MUCH = "takes more time or memory than there is for it; simplify the schema"
ANSWER_SECONDS = STEP_SECONDS + 4  # the child ends itself before


class ProcessChecker:
    """Serves all threads of a worker. The process is started with the first schema, and again when it is gone."""

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        """Nothing is started yet."""
        self._program = program
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def open(self, schema: dict[str, Any]) -> Iterator[Checking]:
        """See the port."""
        with _Job(self._connect, json.dumps(schema).encode()) as job:
            yield job

    def close(self) -> None:
        """End the process; another schema would start it again."""
        with self._lock:
            self._end()

    def _connect(self) -> socket.socket:
        """A child for a job."""
        ours, theirs = socket.socketpair()
        ours.settimeout(ANSWER_SECONDS)
        try:
            with theirs, self._lock:
                self._hand_over(theirs)
        except OSError:
            ours.close()
            raise
        return ours

    def _hand_over(self, job: socket.socket) -> None:
        for control in self._controls():
            with contextlib.suppress(OSError):
                socket.send_fds(control, [b"j"], [job.fileno()])
                return

    def _controls(self) -> Iterator[socket.socket]:
        """The process's socket; where that does not take it, the socket of a new process."""
        if self._control is not None:
            yield self._control
        self._end()
        self._control, theirs = socket.socketpair()
        with theirs:
            # what a child prints as it ends may hold words of the answer
            self._process = subprocess.Popen(
                [*self._program, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
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
        self.asked: dict[str, Any] = {}

    def __enter__(self) -> Self:
        words = self._look_through()
        if words is None:
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
        data = text.encode(errors="replace")
        words = self._ask(data)
        if words is None:
            words = self._ask(data) if self._look_through() == "" else None
        if words is None:
            self._close()
            raise JobError(ErrorCode.FORMAT_NOT_MET, f"to check the answer {TOO_MUCH}", final=True)
        if words:
            raise JobError(ErrorCode.FORMAT_NOT_MET, words)

    def _look_through(self) -> str | None:
        """What is wrong with the schema. A child that never came is no fault of the schema's."""
        self._close()
        try:
            self._child = self._connect()
        except OSError as error:
            raise Interrupted from error
        if self._heard() is None:
            self._close()
            raise Interrupted
        words = self._ask(self._schema)
        if words == "":
            asked = self._heard()
            if asked is None:
                return None
            self.asked = json.loads(asked)
        return words

    def _ask(self, data: bytes) -> str | None:
        """What is wrong; nothing where nothing is, None where there is no answer."""
        try:
            if self._child is not None:
                send(self._child, data)
        except OSError:
            return None
        found = self._heard()
        return None if found is None else found.decode(errors="replace")

    def _heard(self) -> bytes | None:
        """The child's next words; None where it is gone."""
        try:
            return None if self._child is None else receive(self._child)
        except OSError:
            return None

    def _close(self) -> None:
        if self._child is not None:
            self._child.close()
        self._child = None
