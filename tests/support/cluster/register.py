"""Which test clusters this user has, and the removal of those whose owner was killed.

Each cluster has an entry, a file in the cache that its owner holds a lock on: the kernel lets go of the lock when the
owner dies, however it dies. An entry that nobody holds is of a dead owner; the next start removes what it names.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import socket
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from laneway.local.ollama.cache import Cache
from laneway.local.processes.children import Children
from support.cluster.node.cgroups import remove_cgroups
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

CHILDREN = "children.json"
PORTS = range(20000, 32000, 20)  # below the ports that the kernel gives to clients
PORTS_EACH = 20
REMOVAL_SECONDS = 30.0


@dataclass(frozen=True)
class Entry:
    """What a cluster has outside its own processes' memory."""

    pid: int
    folder: str
    """Everything in it is the cluster's."""
    cgroup: str
    """The parent of its cgroups, in every hierarchy."""
    ports: int
    """The first of its block of ports on loopback."""


class FolderInUse(Exception):
    """A cluster is only made in a folder that is new or empty: it removes the folder in the end."""


@contextmanager
def claimed(folder: Path) -> Iterator[Entry]:
    """Sweep what killed owners left, then own `folder` until the end, when it and all that it stands for is removed."""
    register = _register()
    entry, path, lock = _claim(register, folder.absolute())
    try:
        yield entry
    finally:
        _remove(entry)
        path.unlink(missing_ok=True)
        os.close(lock)


def sweep() -> list[str]:
    """Remove what killed owners left; returns their folders. A cluster whose owner lives is never touched."""
    register = _register()
    with _alone(register):
        return _sweep(register)


def living() -> list[Entry]:
    """The clusters whose owners live."""
    register = _register()
    return [entry for path in register.glob("*.json") if (entry := _read(path)) and not _abandoned(path)]


def _register() -> Path:
    folder = Cache(os.environ).root / "clusters"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def _alone(register: Path) -> Iterator[None]:
    with (register / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _claim(register: Path, folder: Path) -> tuple[Entry, Path, int]:
    with _alone(register):
        _sweep(register)
        if folder.exists() and any(folder.iterdir()):
            raise FolderInUse(f"{folder} isn't empty; a cluster needs a folder of its own, which it removes in the end")
        name = f"laneway-{os.urandom(4).hex()}"
        entry = Entry(os.getpid(), str(folder), name, _free_block(register))
        draft, path = register / f"{name}.draft", register / f"{name}.json"
        lock = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(lock, json.dumps(asdict(entry)).encode())
        draft.rename(path)  # the lock goes with it: there is no moment at which the entry looks abandoned
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return entry, path, lock


def _sweep(register: Path) -> list[str]:
    swept = []
    for path in register.glob("*.json"):
        entry = _read(path)
        if entry and _abandoned(path):
            _remove(entry)
            path.unlink()
            swept.append(entry.folder)
    return swept


def _read(path: Path) -> Entry | None:
    with suppress(OSError):  # removed meanwhile, or another user's
        return Entry(**json.loads(path.read_text()))
    return None


def _abandoned(path: Path) -> bool:
    with suppress(OSError), path.open() as entry:
        try:
            fcntl.flock(entry, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
    return False


def _remove(entry: Entry) -> None:
    """Processes, then what they held; namespaces and mounts go with the processes."""
    folder = Path(entry.folder)
    Children(folder / CHILDREN).end_leftovers()
    eventually(lambda: remove_cgroups(entry.cgroup), REMOVAL_SECONDS)
    if folder.exists():
        shutil.rmtree(folder)


def _free_block(register: Path) -> int:
    taken = {entry.ports for path in register.glob("*.json") if (entry := _read(path))}
    blocks = [first for first in PORTS if first not in taken]
    random.shuffle(blocks)  # users of other caches choose, too
    return next(first for first in blocks if all(_is_free(first + each) for each in range(PORTS_EACH)))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
