from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.local.errors import LocalError
from laneway.local.owner import NAME, OWNER_FILE, owner_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_keeps_its_name(tmp_path: Path) -> None:
    name = owner_of(tmp_path)
    assert NAME.fullmatch(name)
    assert owner_of(tmp_path) == name


def test_two_folders_have_names_of_their_own(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    assert owner_of(one) != owner_of(other)


def test_a_name_that_a_person_writes_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / OWNER_FILE).write_text("anna@laptop-3f9ca2b1\n")
    assert owner_of(tmp_path) == "anna@laptop-3f9ca2b1"


@pytest.mark.parametrize("text", [b"", b"a/b", b"two words", b"\xff", b"n" * 101])
def test_what_is_no_name_is_told_with_its_file(tmp_path: Path, text: bytes) -> None:
    (tmp_path / OWNER_FILE).write_bytes(text)
    with pytest.raises(LocalError, match=OWNER_FILE):
        owner_of(tmp_path)
