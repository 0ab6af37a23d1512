"""What others wrote comes by its hash, or not at all."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from support.dashboard.browser import vendoring

if TYPE_CHECKING:
    from pathlib import Path

HOOK = vendoring()


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def sha512(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def test_the_files_that_were_pinned_are_taken_and_no_others() -> None:
    content = archive(a="one", b="two")
    assert HOOK.files_of(content, sha512(content), {"a": "ours"}) == {"ours": b"one"}


def test_an_archive_of_another_hash_is_refused() -> None:
    with pytest.raises(HOOK.VendorError, match="was pinned"):
        HOOK.files_of(archive(a="evil"), sha512(archive(a="one")), {"a": "ours"})


def test_what_is_there_is_not_fetched(tmp_path: Path) -> None:
    pins = tmp_path / "vendor.toml"
    pins.write_text('[a]\npackage = "no-registry-has-this"\nversion = "0"\nsha512 = ""\nfiles = {}\n')
    folder = tmp_path / "vendor"
    folder.mkdir()
    (folder / "vendor.toml").write_text(pins.read_text())
    HOOK.vendor(pins, folder)
