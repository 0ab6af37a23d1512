"""A container of the test cluster's node runs out of memory: the kernel kills for it (cgroup version 1)."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from support.waiting import eventually

CONTROLLER = "memory"
ROOM_BYTES = 4 * 1024 * 1024
EATEN_BYTES = 64 * 1024 * 1024
EATER = "import sys, threading; sys.stdin.read(); eaten = b'x' * int(sys.argv[1]); threading.Event().wait()"
SECONDS = 60.0


def bounded_by_version_1() -> bool:
    """Version 2 has other files, and there the kernel ends all processes of a container (kubelet asks it to)."""
    return _mount() is not None


class Memory:
    """What the container of a process may have."""

    def __init__(self, pid: int) -> None:
        """Any of its processes."""
        mount = _mount()
        assert mount is not None
        lines = (Path("/proc") / str(pid) / "cgroup").read_text().splitlines()
        [path] = [path for _, names, path in (line.split(":", 2) for line in lines) if names == CONTROLLER]
        self._folder = mount / path.lstrip("/")

    def until_killed(self) -> datetime:
        """Bound it to what it has, and eat some of that, until the kernel has killed one of its processes; returns the
        last time at which it had not. The eater is not chosen: nothing of it counts for the killer as a pod's does.
        """
        before, looks = self._kills(), [datetime.now(UTC)]

        def killed() -> bool:
            looks.append(datetime.now(UTC))
            return self._kills() > before

        eater = subprocess.Popen([sys.executable, "-c", EATER, str(EATEN_BYTES)], stdin=subprocess.PIPE)
        try:
            (self._folder / "cgroup.procs").write_text(str(eater.pid))
            self._limit(self._usage() + ROOM_BYTES)
            assert eater.stdin
            eater.stdin.close()
            eventually(killed, SECONDS)
        finally:
            eater.kill()
            eater.wait()
            self._limit(-1)
        return looks[-2]

    def _kills(self) -> int:
        rows = dict(line.split() for line in (self._folder / "memory.oom_control").read_text().splitlines())
        return int(rows["oom_kill"])

    def _usage(self) -> int:
        return int((self._folder / "memory.usage_in_bytes").read_text())

    def _limit(self, count: int) -> None:
        (self._folder / "memory.limit_in_bytes").write_text(str(count))


def _mount() -> Path | None:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = [Path(each[1]) for each in mounts if each[2] == "cgroup" and CONTROLLER in each[3].split(",")]
    return found[0] if found else None
