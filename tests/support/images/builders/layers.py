"""Files as a layer: root's, with the modes and folders that a container needs."""

from __future__ import annotations

import io
import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def add_file(out: tarfile.TarFile, source: Path, path: str, mode: int) -> None:
    """A file's content under another name."""
    with source.open("rb") as content:
        _folders(out, path)
        out.addfile(_member(path, mode, source.stat().st_size), content)


def add_data(out: tarfile.TarFile, data: bytes, path: str, mode: int) -> None:
    """A file that stands nowhere else."""
    _folders(out, path)
    out.addfile(_member(path, mode, len(data)), io.BytesIO(data))


def _member(path: str, mode: int, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path.lstrip("/"))
    member.mode, member.size = mode, size
    return member


def _folders(out: tarfile.TarFile, path: str) -> None:
    """Those above it: folders that a layer leaves out are made with modes of the reader's choice."""
    known = set(out.getnames())
    for folder in reversed(PurePosixPath(path.lstrip("/")).parents[:-1]):
        if str(folder) not in known:
            member = _member(str(folder), 0o755, 0)
            member.type = tarfile.DIRTYPE
            out.addfile(member)
