"""A document in a file. The kubelet changes a mounted ConfigMap by swapping one link, so a file is always whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path


class FileDocument:
    """A file, opened anew for each look."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self._path = path

    def read(self) -> bytes:
        """All of it; raises `Unavailable`."""
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise Unavailable(f"can't read {self._path}: {error.strerror}") from error
