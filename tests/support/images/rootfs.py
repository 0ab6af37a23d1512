"""An image's files as a container has them, without a container runtime: a read-only root in a mount namespace."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from support.images.builders.oci import read_archive, unpack
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

USER = 65532
OUTSIDE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
TOOLS = ("unshare", "mount", "setpriv", "chroot", "tar")
ENTER = """
set -e
root=$1; shift
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
for folder in $WRITABLE; do mount -t tmpfs -o mode=0777 tmpfs "$root$folder"; done
mount -o remount,bind,ro "$root"
exec chroot "$root" "$@"
"""
UNPRIVILEGED = "--clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs"


@dataclass(frozen=True)
class Rootfs:
    """An unpacked image."""

    folder: Path
    config: Mapping[str, Any]

    def command(self, arguments: Sequence[str], environment: Mapping[str, str], writable: Sequence[str]) -> list[str]:
        """Runs the image's entry point (or what `arguments` say, where there is none) as a pod of ours would be run.

        As the image's user, without capabilities, with a read-only root, and with empty folders at `writable`.
        """
        for folder in writable:
            (self.folder / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)  # as the kubelet makes mount points
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        user = ["/usr/bin/setpriv", f"--reuid={USER}", f"--regid={USER}", *UNPRIVILEGED.split()]
        inside = [*user, "/usr/bin/env", "-i", *variables, *arguments]
        script = f"WRITABLE={shlex.quote(' '.join(writable))}\n{ENTER}"
        return ["unshare", "--mount", "/bin/sh", "-c", script, "sh", str(self.folder), *inside]

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None, writable: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Until it ends."""
        command = self.command(arguments, environment or {}, writable)
        return subprocess.run(command, capture_output=True, text=True, check=False, env=OUTSIDE)

    def entry(self, *arguments: str) -> list[str]:
        """The entry point with arguments, or with the image's own."""
        return [*self.config["Entrypoint"], *(arguments or self.config.get("Cmd") or ())]


@contextmanager
def unpacked(archive: Path) -> Iterator[Rootfs]:
    """For as long as it lasts; only root can do it."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent or os.geteuid() != 0:
        missing("what runs an image's files", f"needs root and {', '.join(absent or TOOLS)}")
    with TemporaryDirectory(prefix="laneway-rootfs-") as folder:
        root = Path(folder)
        unpack(archive, root)
        root.chmod(0o755)
        for mount_point in ("dev", "proc"):
            (root / mount_point).mkdir(exist_ok=True)
        yield Rootfs(root, read_archive(archive).config["config"])
