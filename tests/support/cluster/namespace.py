"""Namespaces of a cluster's own: network, mounts and processes."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from support.cluster.init import PREPARED
from support.cluster.programs import NAMESPACE
from support.toolchain.toolbox import ToolMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.cluster.programs import Programs

CLONE_NEWNET = 0x40000000  # linux/sched.h
TOOLS = ("ip", "mount", "nsenter", "unshare")
UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc")
TESTS = Path(__file__).parents[2]


@dataclass(frozen=True)
class Namespace:
    """Known by the process that is number 1 in it."""

    pid: int

    def entering(self) -> list[str]:
        """What comes before the command line of a program that is to run in all of it."""
        return ["nsenter", "--target", str(self.pid), "--net", "--mount", "--pid", "--"]

    def networked(self) -> list[str]:
        """The same for a program that only uses its network."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--"]

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The calling thread, and what it starts, uses this network until the end."""
        with _opened("/proc/thread-self/ns/net") as before, _opened(f"/proc/{self.pid}/ns/net") as there:
            _set(there)
            try:
                yield
            finally:
                _set(before)


def make_namespace(programs: Programs, folder: Path) -> Namespace:
    """Lasts as long as this process; raises `ToolMissing` without the right to make one."""
    if os.geteuid() != 0:
        raise ToolMissing("root", "a node needs it for its namespaces and cgroups; run as root")
    absent = [each for each in TOOLS if shutil.which(each) is None]
    if absent:
        raise ToolMissing(", ".join(absent), "on Debian and Ubuntu: apt install iproute2 mount util-linux")
    command = [*UNSHARE, sys.executable, "-P", "-m", "support.cluster.init", str(folder)]
    outer = programs.start(NAMESPACE, *command, environment={"PYTHONPATH": str(TESTS)})
    programs.wait({NAMESPACE: (folder / PREPARED).exists})
    return Namespace(psutil.Process(outer.pid).children()[0].pid)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        with suppress(OSError):
            os.close(descriptor)


def _set(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
