"""containerd, runc, the CNI plugins, PostgreSQL, PgBouncer: this machine's, else Debian's packages in the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.toolchain.toolbox import CONTAINERD, HASH_LETTERS, Toolbox, ToolMissing

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGES = ("containerd", "runc", "containernetworking-plugins")
PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr", "runc")
PLUGINS = ("bridge", "host-local", "loopback")
PLUGIN_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
POSTGRES = ("postgresql-15", "postgresql-client-15", "libpq5")
POSTGRES_FOLDER = Path("usr/lib/postgresql/15/bin")
PGBOUNCER = ("pgbouncer", "libc-ares2", "libevent-2.1-7")
TAIL_LINES = 6


@dataclass(frozen=True)
class Containers:
    """Where the container runtime is."""

    path: str
    """PATH for whatever starts a program of it."""
    plugins: Path

    def program(self, name: str) -> str:
        """The path of a program of it."""
        found = shutil.which(name, path=self.path)
        assert found, f"{name} is in none of {PACKAGES}"
        return found


def containers_with_image_volumes(tools: Toolbox) -> Containers:
    """Those, but with a containerd that knows image volumes; raises `ToolMissing`."""
    found = containers(tools)
    return Containers(f"{tools.built(CONTAINERD)}:{found.path}", found.plugins)


def containers(tools: Toolbox) -> Containers:
    """Raises `ToolMissing`."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    plugins = next((each for each in PLUGIN_FOLDERS if all((each / name).exists() for name in PLUGINS)), None)
    if plugins and all(shutil.which(name, path=path) for name in PROGRAMS):
        return Containers(path, plugins)
    root = _unpacked(tools, "containers", PACKAGES)
    return Containers(f"{root}/usr/bin:{root}/usr/sbin:{path}", root / "usr/lib/cni")


def postgres(tools: Toolbox) -> Path:
    """The folder of its programs; raises `ToolMissing`."""
    own = Path("/") / POSTGRES_FOLDER
    return own if (own / "initdb").exists() else _unpacked(tools, "postgres", POSTGRES) / POSTGRES_FOLDER


def pgbouncer(tools: Toolbox) -> Path:
    """The root of program and libraries; installed, its package would start a server. Raises `ToolMissing`."""
    return _unpacked(tools, "pgbouncer", PGBOUNCER)


def libraries(root: Path) -> dict[str, str]:
    """The environment of programs unpacked below `root`, whose own libraries lie beside them."""
    found = [str(each) for each in root.glob("usr/lib/*-linux-gnu")]
    return {"LD_LIBRARY_PATH": ":".join(found)} if found else {}


def _unpacked(tools: Toolbox, name: str, packages: Sequence[str]) -> Path:
    key = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:HASH_LETTERS]
    target = tools.folder / f"{name}-{key}"
    if not target.exists():
        with tools.locked(name):
            if not target.exists():
                _unpack(tools, packages, target)
    return target


def _unpack(tools: Toolbox, packages: Sequence[str], target: Path) -> None:
    what = ", ".join(packages)
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ToolMissing(
            what, "this machine has no apt-get to fetch Debian's packages; install them and put them on PATH"
        )
    with tools.scratch() as scratch, tools.say.step(f"fetching {what} from Debian (once): not on PATH"):
        downloads = scratch.with_name("downloads")
        downloads.mkdir()
        _download(downloads, packages)
        for package in downloads.glob("*.deb"):
            _run(["dpkg-deb", "-x", str(package), str(scratch)], downloads)
        scratch.rename(target)


def _download(folder: Path, packages: Sequence[str]) -> None:
    """With the package lists of this machine; where they are missing or old, with lists of our own."""
    try:
        _run(["apt-get", "-qq", "download", *packages], folder)
    except ToolMissing:
        lists = folder / "lists"
        (lists / "partial").mkdir(parents=True)
        ours = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={folder}"]
        _run(["apt-get", "-qq", *ours, "update"], folder)
        _run(["apt-get", "-qq", *ours, "download", *packages], folder)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n  ".join((done.stderr or done.stdout).splitlines()[-TAIL_LINES:])
        raise ToolMissing("what Debian's packages hold", f"`{' '.join(command)}` failed:\n  {tail}")
