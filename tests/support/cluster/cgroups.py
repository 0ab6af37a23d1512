"""The cgroups of a node: below a parent of its own in every hierarchy, version 1 or 2."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

CONTROLLERS = ("cpu", "cpuset", "io", "memory", "pids")


def make_cgroups(name: str) -> None:
    """An empty parent in every hierarchy: kubelet wants to find it there."""
    for root in _roots():
        with suppress(OSError):  # only version 2 has this file, and it may hold the controllers already
            (root / "cgroup.subtree_control").write_text(" ".join(f"+{each}" for each in CONTROLLERS))
        (root / name).mkdir(exist_ok=True)


def remove_cgroups(name: str) -> bool:
    """Kill what is in them, and remove what is empty; returns whether nothing is left."""
    parents = [root / name for root in _roots() if (root / name).exists()]
    for parent in parents:
        _kill(parent)
        for folder, _, _ in os.walk(parent, topdown=False):
            with suppress(OSError):  # its processes are still dying
                Path(folder).rmdir()
    return not any(parent.exists() for parent in parents)


def _kill(parent: Path) -> None:
    for file in parent.rglob("cgroup.procs"):
        with suppress(OSError):
            for pid in map(int, file.read_text().split()):
                if pid > 0:  # 0 stands for a process that isn't visible from here, and would mean our own group
                    os.kill(pid, signal.SIGKILL)


def _roots() -> list[Path]:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(fields[1]) for fields in mounts if fields[2] in {"cgroup", "cgroup2"}]
