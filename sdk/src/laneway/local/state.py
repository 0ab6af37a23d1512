"""The state folder: everything that a local pool keeps, and the lock that makes it one pool's."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from laneway.client.connection import CONNECTION_FILE
from laneway.local.errors import LocalError
from laneway.schema.shared.names import PROJECTOR_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import BaseModel

    from laneway.client.connection import Connection


PRIVATE = 0o700
"""Prompts and answers lie in the folder."""


class StateFolder:
    """Paths below one folder."""

    def __init__(self, root: Path) -> None:
        """Made where it is missing."""
        self.root = root.absolute()
        self.logs = self.root / "logs"
        self.lanes = self.root / "lanes"
        """What a lane's worker reads once."""
        self.live = self.root / "live"
        """What it reads again."""
        self.dead_letters = self.root / "dead-letters.json"
        self.projector = self.root / PROJECTOR_FILE
        """What the projector reads, and whoever asks its table."""
        self.table = self.root / "table.sqlite"
        """Rows of results."""
        self.gateway = self.root / "gateway"
        """Where the gateway finds the pool."""
        self.dashboard = self.root / "dashboard"
        """Where the dashboard finds it, and keeps its actions."""
        self.aws = self.root / "aws"
        self.home = self.root / "home"
        self.children = self.root / "children.json"
        self._connection = self.root / CONNECTION_FILE

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; raises `LocalError` where another `laneway up` holds it, or where it leads elsewhere."""
        try:
            self._make()
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

    @staticmethod
    def write(path: Path, document: BaseModel) -> None:
        """What a worker or the dead-letter handler reads."""
        path.write_text(document.model_dump_json(indent=2) + "\n")

    def _make(self) -> None:
        """The folder may have come with somebody's repository: readable by all, or with links to the user's files."""
        found = next(_links(self.root), None)
        if found is not None:
            raise LocalError(f"{found} is a link, and what is kept here would be written elsewhere: remove it")
        for folder in (self.root, self.logs, self.lanes, self.live, self.gateway, self.dashboard, self.aws, self.home):
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        _close(self.root)

    def publish(self, connection: Connection) -> None:
        """Let clients find the pool; only the user may read it, since it holds credentials."""
        write_privately(self._connection, connection.model_dump_json())

    def lead_doors(self, connection: Connection) -> None:
        """Let gateway and dashboard find it, which serve before clients are told."""
        for folder in (self.gateway, self.dashboard):
            write_privately(folder / CONNECTION_FILE, connection.model_dump_json())

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


def _close(folder: Path) -> None:
    """To all others, where its file system knows them: a stick's may not."""
    try:
        folder.chmod(PRIVATE)
    except PermissionError:
        if folder.stat().st_uid != os.geteuid():
            raise


def _links(root: Path) -> Iterator[Path]:
    """The folder where it is a link, and every link in it."""
    if root.is_symlink():
        yield root
    for folder, folders, files in os.walk(root):
        paths = (root.joinpath(folder, name) for name in (*folders, *files))
        yield from (path for path in paths if path.is_symlink())


def _take(lock: int, root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
        raise LocalError(
            f"another `laneway up` (pid {holder}) uses {root}; stop it, or name another folder: --state"
        ) from None
