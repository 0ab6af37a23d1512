"""`python -m laneway_worker.checker FD`: checks answers against their senders' schemas, each in a process of its own.

A schema is a program: a few lines can take hours or all memory. The worker, which holds the leases, must not run it.
This process waits on a socket for others, one a job, and forks for each a child with little time and memory; whatever
becomes of the child, only that job is harmed. Forked, as a new Python for each job would take a tenth of a second.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from laneway_worker.adapters.frames import receive, send
from laneway_worker.answer.checking import Broken, Unusable
from laneway_worker.answer.prepared import prepared
from laneway_worker.ports.checker import STEP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

CPU_SECONDS = 2  # of one job's schema and answer together; the largest honest ones take hundredths
MEMORY_BYTES = 256 * 1024 * 1024  # beside what Python has already
PAGE = resource.getpagesize()


def main() -> None:
    """Until the worker is gone."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # the worker's: it drains, and still needs this process
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that have ended are forgotten at once
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        while _fork(control):
            pass


def _fork(control: socket.socket) -> bool:
    """A child for the next job; False where nobody will have one."""
    message, files, _, _ = socket.recv_fds(control, 1, 1)
    if not message:
        return False
    if os.fork() == 0:
        try:
            control.close()
            _bound()
            with socket.socket(fileno=files[0]) as job:
                _serve(job)
        finally:
            os._exit(0)  # whatever it was: it must not go on as another of these
    for each in files:
        os.close(each)
    return True


def _bound() -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE if Path("/proc/self/statm").exists() else 0
    limits = {resource.RLIMIT_CPU: CPU_SECONDS, resource.RLIMIT_CORE: 0}
    if size:
        limits[resource.RLIMIT_AS] = size + MEMORY_BYTES
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    with contextlib.suppress(OSError):  # where memory is out, this process ends and not the worker
        Path("/proc/self/oom_score_adj").write_text("1000")


def _serve(job: socket.socket) -> None:
    """Says that it is there, then answers: a schema with what Ollama gets of it, each text with what is wrong. Nothing
    but words is sent where a schema can't be used.
    """
    send(job, b"")
    schema = receive(job)
    if schema is None:
        return
    try:
        with _in_time():
            found = prepared(json.loads(schema))
            asked = json.dumps(found.asked).encode()
    except Unusable as error:
        send(job, str(error).encode())
        return
    send(job, b"")
    send(job, asked)
    while (answer := receive(job)) is not None:
        words = ""
        with _in_time():
            try:
                found.check(answer.decode())
            except Broken as error:
                words = str(error)
        send(job, words.encode())


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """The kernel ends this process where it takes longer."""
    signal.setitimer(signal.ITIMER_REAL, STEP_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()
