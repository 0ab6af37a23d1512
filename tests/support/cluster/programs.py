"""The running programs of one cluster."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

import psutil

from laneway.local.processes.children import Children, how_ended, kill_group
from support.cluster.register import CHILDREN
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from laneway.local.processes.children import Child
    from support.cluster.namespace import Namespace

Probe: TypeAlias = "Callable[[], bool]"
"""Whether a program is ready."""
READY_SECONDS = 90.0  # for a loaded machine
TAIL_BYTES = 3000
NAMESPACE = "namespace"


class ClusterError(Exception):
    """What failed, with the last of its log."""


class Programs:
    """Each gets SIGKILL if we die, and is recorded in the folder for the sweep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times: dict[str, float] = {}
        """When each was ready, in seconds since the first was started."""
        self.namespace: Namespace | None = None
        self._children = Children(folder / CHILDREN)
        self._running: dict[str, Child] = {}
        self._started: dict[str, tuple[tuple[str | Path, ...], Mapping[str, str] | None]] = {}
        """How, for those that are started again."""
        self._began = time.monotonic()

    def start(self, name: str, *argv: str | Path, environment: Mapping[str, str] | None = None) -> Child:
        """Start a program, in the namespace where there is one; nothing of this machine's environment reaches it."""
        minimal = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        prefix = self.namespace.entering() if self.namespace else []
        child = self._children.start(
            name,
            [*prefix, *map(str, argv)],
            {**minimal, **(environment or {})},
            self.log(name),
            orphaned=signal.SIGKILL,
        )
        self._running[name] = child
        self._started[name] = argv, environment
        return child

    def wait(self, probes: Mapping[str, Probe]) -> None:
        """Until all of these are ready, noting when; raises `ClusterError` where one ends or takes too long."""
        waiting = dict(probes)
        try:
            eventually(lambda: self._look(waiting), READY_SECONDS)
        except AssertionError:
            late = next(iter(waiting))
            raise ClusterError(f"{late} isn't ready after {READY_SECONDS} s:\n{self.tail(late)}") from None

    def _look(self, waiting: dict[str, Probe]) -> bool:
        for name, ready in list(waiting.items()):
            child = self._running[name]
            if child.process.poll() is not None:
                raise ClusterError(f"{name} ended with {how_ended(child)}:\n{self.tail(name)}")
            if ready():
                del waiting[name]
                self.times[name] = time.monotonic() - self._began
        return not waiting

    @contextmanager
    def silent(self, name: str) -> Iterator[None]:
        """A program takes connections and answers nothing; what it keeps in memory is there afterwards."""
        entered = psutil.Process(self._running[name].pid)  # nsenter stops with its child, and wakes it
        for each in entered.children():
            each.suspend()
        try:
            yield
        finally:
            entered.resume()

    @contextmanager
    def dead(self, name: str) -> Iterator[None]:
        """A program is killed by SIGKILL, what it started is left alone, and it is started again in the end."""
        [program] = psutil.Process(self._running[name].pid).children()  # of nsenter, which ends with it
        program.kill()
        self._running[name].process.wait()
        try:
            yield
        finally:
            argv, environment = self._started[name]
            self.start(name, *argv, environment=environment)

    def log(self, name: str) -> Path:
        """Where a program writes."""
        return self.folder / f"{name}.log"

    def tail(self, name: str) -> str:
        """The last of a log."""
        return self.log(name).read_bytes()[-TAIL_BYTES:].decode(errors="replace")

    def end(self) -> None:
        """By force: what they keep is thrown away anyway."""
        if self.namespace:
            with suppress(ProcessLookupError):
                os.kill(self.namespace.pid, signal.SIGKILL)  # and all that is in it
            self._running[NAMESPACE].process.wait()
        for child in self._running.values():
            kill_group(child.pid)
            child.process.wait()
        self._children.end_all()


@contextmanager
def running(folder: Path) -> Iterator[Programs]:
    """None is left at the end."""
    programs = Programs(folder)
    try:
        yield programs
    finally:
        programs.end()
