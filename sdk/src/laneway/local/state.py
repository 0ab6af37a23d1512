"""The state folder: everything that a local pool keeps, and the lock that makes it one pool's."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from laneway.client.connection import CONNECTION_FILE
from laneway.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from laneway.client.connection import Connection


class StateFolder:
    """Paths below one folder."""

    def __init__(self, root: Path) -> None:
        """Made where it is missing."""
        self.root = root.absolute()
        self.logs = self.root / "logs"
        self.lanes = self.root / "lanes"
        self.dead_letters = self.root / "dead-letters.json"
        self.aws = self.root / "aws"
        self.home = self.root / "home"
        self.children = self.root / "children.json"
        self._connection = self.root / CONNECTION_FILE

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; raises `LocalError` where another `laneway up` holds it."""
        try:
            for folder in (self.root, self.logs, self.lanes, self.aws, self.home):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.root / "lock").open("a+")
        except OSError as error:
            raise LocalError(
                f"can't use {self.root} as state folder: {error.strerror}; name another: --state"
            ) from None
        with lock:
            _take(lock.fileno(), self.root)
            lock.seek(0)
            lock.truncate()
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield

    def publish(self, connection: Connection) -> None:
        """Let clients find the pool; only the user may read it, since it holds credentials."""
        write_privately(self._connection, connection.model_dump_json())

    def withdraw(self) -> None:
        """The pool is not there any more."""
        self._connection.unlink(missing_ok=True)


def write_privately(path: Path, text: str) -> None:
    """Whole or not at all, and readable by the user alone."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    draft.replace(path)


def _take(lock: int, root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
        raise LocalError(
            f"another `laneway up` (pid {holder}) uses {root}; stop it, or name another folder: --state"
        ) from None
