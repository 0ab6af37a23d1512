"""buildah with a storage of its own below the cache: nothing else of the machine is touched."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from laneway.local.errors import LocalError
from support.images.builders.tools import run

if TYPE_CHECKING:
    from pathlib import Path

APART = ("unshare", "--mount")
"""overlay leaves mounts behind; in a mount namespace of its own they end with the process."""


class Buildah:
    """Runs `buildah`; raises `LocalError`."""

    def __init__(self, folder: Path) -> None:
        self._command = _overlay(folder) or _vfs(folder)

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        """Its standard output."""
        return run([*self._command, *arguments], cwd=cwd, environment={**os.environ, "BUILDAH_ISOLATION": "chroot"})

    def has(self, reference: str) -> bool:
        """Whether the storage holds an image of this name."""
        with suppress(LocalError):
            self.run("inspect", "--type", "image", reference)
            return True
        return False


def _overlay(folder: Path) -> list[str] | None:
    """A tenth of the time and of the room, where the kernel lets us mount it."""
    command = [*APART, *_storage(folder / "overlay", "overlay")]
    if os.geteuid() != 0 or shutil.which(APART[0]) is None:
        return None
    with suppress(LocalError):
        run([*command, "info"])
        return command
    return None


def _vfs(folder: Path) -> list[str]:
    return _storage(folder / "vfs", "vfs")


def _storage(folder: Path, driver: str) -> list[str]:
    return ["buildah", "--root", str(folder), "--runroot", str(folder / "run"), "--storage-driver", driver]
