"""`<cache>/images`: an archive for each state of an image, made once, by one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.images.builders.tools import provide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from laneway.local.say import Say

REPOSITORY = Path(__file__).resolve().parents[3]
RECIPE = Path(__file__).parent
KEPT = 2  # the newest two of each name: the one in use, and the one before a change


@dataclass(frozen=True)
class Image:
    """An image of the tests; `key` is the hash of all that goes in, `build` writes the archive."""

    name: str
    key: str
    build: Callable[[Store, Path], None]
    tools: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The name by which pods ask for it."""
        return reference(self.name)


class Store:
    """The folder of archives."""

    def __init__(self, root: Path, say: Say, *, may_install: bool = False) -> None:
        self.root = root
        self.say = say
        self._may_install = may_install
        self.root.mkdir(parents=True, exist_ok=True)

    def has(self, image: Image) -> bool:
        """Whether nothing needs to be built."""
        return self._path(image).exists()

    def get(self, image: Image) -> Path:
        """The archive; where it is missing it is built, and the caller holds the lock."""
        path = self._path(image)
        if path.exists():
            os.utime(path)  # the newest are those last asked for
            return path
        provide(image.tools, may_install=self._may_install)
        with self.say.step(f"building the image {image.name}"), self._scratch(image) as folder:
            image.build(self, folder / "archive")
            (folder / "archive").replace(path)
        self._prune(image.name)
        return path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time builds; the others wait, and then find it built."""
        with (self.root / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say.line(f"waiting: another process builds images in {self.root}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, image: Image) -> Path:
        return self.root / f"{image.name}-{image.key}.tar"

    @contextmanager
    def _scratch(self, image: Image) -> Iterator[Path]:
        folder = self.root / f"scratch-{image.name}"  # a fixed name, so that a killed build leaves no more than one
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def _prune(self, name: str) -> None:
        found = sorted(self.root.glob(f"{name}-*.tar"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in found[KEPT:]:
            path.unlink()


def reference(name: str) -> str:
    """The name by which pods ask for an image."""
    return f"laneway.local/{name}:test"


def key(facts: Iterable[str], files: Iterable[Path] = ()) -> str:
    """The hash of texts, and of files by their place in the repository and their content."""
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(f"{fact}\0".encode())
    for path in sorted(files):
        digest.update(f"{path.relative_to(REPOSITORY)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def tree(folder: Path) -> Iterator[Path]:
    """The files that git would know below a folder."""
    return (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
