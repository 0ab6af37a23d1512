"""A container of the test cluster's node as the kernel has it: its processes, what they were given, who listens."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

LISTENS = "0A"  # include/net/tcp_states.h
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
PROC = Path("/proc")


def container(pod: dict[str, Any], name: str) -> dict[str, Any]:
    """What the status of a pod says of a container."""
    status = pod["status"]
    found = [*status.get("containerStatuses", []), *status.get("initContainerStatuses", [])]
    return next(each for each in found if each["name"] == name)


def main_process(pod: dict[str, Any], name: str) -> int:
    """The pid of a container's process 1, as it is known on this machine."""
    [pid] = [each for each in processes(pod, name) if _is_first(each)]
    return pid


def kill(pod: dict[str, Any], name: str) -> None:
    """SIGKILL to a container's process 1; the kernel ends the others with it."""
    os.kill(main_process(pod, name), signal.SIGKILL)


def kill_all(pod: dict[str, Any]) -> list[int]:
    """As if the machine were gone: SIGKILL to every process of a pod, the sandbox's too; returns their pids."""
    found = _processes_of(f"pod{pod['metadata']['uid']}/")
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


def processes(pod: dict[str, Any], name: str) -> list[int]:
    """The pids of a container."""
    return _processes_of(container(pod, name)["containerID"].removeprefix("containerd://"))


def environment(pid: int) -> dict[str, str]:
    """What a process was started with."""
    entries = (PROC / str(pid) / "environ").read_text().split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


def mounts(pid: int) -> set[str]:
    """Where something is mounted for a process."""
    return {line.split()[4] for line in (PROC / str(pid) / "mountinfo").read_text().splitlines()}


def root(pid: int) -> Path:
    """The files that a process sees."""
    return PROC / str(pid) / "root"


def listening(pid: int) -> tuple[set[int], set[int]]:
    """Ports of a process's network: on loopback, and beyond."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in _table(pid, name)]
    found = [row[1].split(":") for row in rows if row[3] == LISTENS]
    inside = {int(port, 16) for address, port in found if address in LOOPBACK}
    return inside, {int(port, 16) for address, port in found if address not in LOOPBACK}


def _table(pid: int, name: str) -> list[str]:
    path = PROC / str(pid) / "net" / name
    return path.read_text().splitlines()[1:] if path.exists() else []  # a machine may know no IPv6


def _processes_of(identifier: str) -> list[int]:
    found = []
    for folder in PROC.iterdir():
        with suppress(OSError):  # ended meanwhile
            if folder.name.isdigit() and identifier in (folder / "cgroup").read_text():
                found.append(int(folder.name))
    return found


def _is_first(pid: int) -> bool:
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    [numbers] = [line.split()[1:] for line in lines if line.startswith("NSpid:")]
    return numbers[-1] == "1"
