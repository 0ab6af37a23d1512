"""What holds for every document: the one in memory, a file, and a file as the kubelet changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from laneway_worker.adapters.document import FileDocument
from laneway_worker.errors import Unavailable
from laneway_worker.testing.document import MemoryDocument

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_worker.ports.document import Document


class Written(Protocol):
    """A document, and how somebody else changes it."""

    document: Document

    def write(self, body: bytes | None) -> None: ...


class InMemory:
    def __init__(self, _folder: Path) -> None:
        self.document = MemoryDocument(None)

    def write(self, body: bytes | None) -> None:
        self.document.body = body


class InFile:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "live.json"
        self.document = FileDocument(self._path)

    def write(self, body: bytes | None) -> None:
        if body is None:
            self._path.unlink(missing_ok=True)
        else:
            self._path.write_bytes(body)


class InVolume:
    """A ConfigMap's volume: files are links into `..data`, a link to a folder that is swapped whole.

    https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self.document = FileDocument(folder / "live.json")

    def write(self, body: bytes | None) -> None:
        self._number += 1
        made = self._folder / f"..{self._number}"
        made.mkdir()
        if body is not None:
            (made / "live.json").write_bytes(body)
        new = self._folder / "..data_tmp"
        new.symlink_to(made.name)
        new.rename(self._folder / "..data")
        visible = self._folder / "live.json"
        if not visible.is_symlink():
            visible.symlink_to("..data/live.json")


@pytest.fixture(params=[InMemory, InFile, InVolume], ids=lambda kind: kind.__name__)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Written:
    made: Written = request.param(tmp_path)
    return made


def test_each_look_finds_what_is_there_now(written: Written) -> None:
    for body in (b"{}", b"", b"[" * 100_000, b"{}"):
        written.write(body)
        assert written.document.read() == body


def test_one_that_is_not_there_is_unavailable_until_it_is(written: Written) -> None:
    for _ in range(2):
        written.write(None)
        with pytest.raises(Unavailable, match="can't read"):
            written.document.read()
        written.write(b"{}")
        assert written.document.read() == b"{}"


def test_a_folder_in_its_place_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can't read"):
        FileDocument(tmp_path).read()
