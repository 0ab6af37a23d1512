from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from laneway.local.aws.keys import KEYS_FILE, keys_of
from laneway.local.errors import LocalError

if TYPE_CHECKING:
    from pathlib import Path


def test_every_folder_has_keys_of_its_own_and_keeps_them(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    one, two = (keys_of(folder) for folder in folders)
    assert one.access_key_id != two.access_key_id
    assert one.secret_access_key != two.secret_access_key
    assert keys_of(folders[0]) == one


def test_only_the_user_may_read_the_keys(tmp_path: Path) -> None:
    keys_of(tmp_path)
    assert stat.S_IMODE((tmp_path / KEYS_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEYS_FILE]


@pytest.mark.parametrize("text", ["", "{", "{}", '{"access_key_id": "", "secret_access_key": "s"}'])
def test_keys_that_can_not_be_read_are_told_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / KEYS_FILE).write_text(text)
    with pytest.raises(LocalError, match=r"keys\.json holds no access key; remove it"):
        keys_of(tmp_path)
