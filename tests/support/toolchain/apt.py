"""Debian's packages, installed as root, one caller at a time: apt-get gives up where its lists are being read."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Sequence

TAIL_LINES = 25


def may_install() -> bool:
    """Whether this user can."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str]) -> None:
    """With what they need; raises `LocalError` with apt-get's last words."""
    with (Cache(os.environ).root / "apt.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            _run(["apt-get", *command])


def _run(command: Sequence[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = "\n  ".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
        raise LocalError(f"{' '.join(command[:3])} … failed with {done.returncode}:\n  {tail}")
