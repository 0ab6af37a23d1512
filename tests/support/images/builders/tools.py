"""The programs that build images, where they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from laneway.local.errors import LocalError
from support.toolchain import apt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PACKAGES = {"mmdebstrap": "mmdebstrap debian-archive-keyring", "buildah": "buildah"}
TAIL_LINES = 25


def provide(tools: Sequence[str], *, may_install: bool) -> None:
    """Install what is missing as root in CI, or where it was asked for; raises `LocalError`, which says what to do."""
    absent = [tool for tool in tools if shutil.which(tool) is None]
    if not absent:
        return
    packages = " ".join(PACKAGES[tool] for tool in absent)
    wanted = may_install or os.environ.get("CI") == "true"
    if not (wanted and apt.may_install()):
        raise LocalError(f"{' and '.join(absent)} missing; on Debian and Ubuntu: apt install {packages}")
    apt.install(packages.split())


def run(command: Sequence[str], *, cwd: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """Its standard output; raises `LocalError` with the last words of one that failed."""
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = "\n  ".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
        raise LocalError(f"{' '.join(command[:3])} … failed with {done.returncode}:\n  {tail}")
    return done.stdout
