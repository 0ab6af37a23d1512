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
        if (root / "cgroup.subtree_control").exists():  # version 2
            _hand_down(root)
        (root / name).mkdir(exist_ok=True)


def _hand_down(root: Path) -> None:
    """One by one: a controller that this machine lacks would take the others with it."""
    there = (root / "cgroup.subtree_control").read_text().split()
    for each in CONTROLLERS:
        if each not in there:
            with suppress(OSError):
                (root / "cgroup.subtree_control").write_text(f"+{each}")


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
