"""`python -m support.cluster.init FOLDER`: process 1 of a node's namespaces.

It prepares them and then reaps what is left to it. With its end, also by SIGKILL, the kernel ends every process in
them, and with those go the mounts and the network.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

PREPARED = "prepared"
SHORT = Path("/run/laneway")
"""The cluster's folder, as those call it that make sockets in it: their paths have at most 107 bytes."""
BRIDGE = "lane0"
API_ADDRESS = "10.96.0.1"
HOST_ADDRESS = "10.200.0.1"
NETWORK = (
    "link set lo up",
    f"link add {BRIDGE} type bridge",
    f"addr add {HOST_ADDRESS}/24 dev {BRIDGE}",
    f"addr add {API_ADDRESS}/32 dev {BRIDGE}",  # stands for kube-proxy: the API server's Service, where it listens
    f"link set {BRIDGE} up",
)
COVERED = {"/run": {"containerd", "netns", "runc"}, "/var/lib": {"cni", "kubelet"}, "/var/log": {"containers", "pods"}}
"""Folders in which containerd, CNI and kubelet write below fixed paths."""
IMAGES = "containerd"
"""The folder of the container runtime, in memory where there is plenty: an image with Python is six thousand small
files, which take a disk up to ten seconds.
"""
ROOMY_BYTES = 8 * 1024**3
TUNABLES = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}
"""What kubelet would set for the whole machine (pkg/kubelet/cm, setupKernelTunables)."""


def main() -> None:
    """Prepare, say so by a file, reap."""
    folder = Path(sys.argv[1])
    for command in NETWORK:
        _run("ip", *command.split())
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    for path, hidden in COVERED.items():
        _cover(Path(path), folder / "covered" / path.replace("/", "-"), hidden)
    images = folder / IMAGES
    images.mkdir()
    if psutil.virtual_memory().available > ROOMY_BYTES:
        _run("mount", "--no-mtab", "-t", "tmpfs", "-o", "mode=700,size=50%", "tmpfs", images)
    SHORT.mkdir()
    _run("mount", "--no-mtab", "--bind", folder, SHORT)
    for name, value in TUNABLES.items():
        _pretend(Path("/proc/sys") / name, folder / "tunables" / name, value)
    awaited = {signal.SIGCHLD, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    (folder / PREPARED).touch()
    while signal.sigwait(awaited) != signal.SIGTERM:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _cover(path: Path, kept: Path, hidden: set[str]) -> None:
    """What is written below `path` from now on is gone with the namespace; what was there stays, but for `hidden`."""
    kept.mkdir(parents=True)
    _run("mount", "--no-mtab", "--rbind", path, kept)
    _run("mount", "--no-mtab", "-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
    for there in kept.iterdir():
        if there.name not in hidden:
            _bind(there, path / there.name)


def _bind(source: Path, target: Path) -> None:
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    target.mkdir(exist_ok=True) if source.is_dir() else target.touch()
    _run("mount", "--no-mtab", "--rbind", source, target)


def _pretend(tunable: Path, file: Path, value: int) -> None:
    """Kubelet finds the value that it wants, and leaves the machine's alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{value}\n")
    _run("mount", "--no-mtab", "--bind", file, tunable)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
