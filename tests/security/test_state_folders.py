"""A state folder that came with somebody's repository, or that others of this machine may read."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from laneway.local.aws.keys import KEYS_FILE, keys_of
from laneway.local.aws.state import EmbeddedState
from laneway.local.errors import LocalError
from laneway.local.processes.children import Children
from laneway.local.state import StateFolder

if TYPE_CHECKING:
    from pathlib import Path

OWN = "a file of the user's own"
PLACES = (
    "lock", "children.json", "children.new", "connection.new", "lanes/fast.json", "live/fast.json", "logs/aws.log",
    "aws/keys.json", "aws/.objects.json.new", "aws/s3/acme", "home",
)  # fmt: skip


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """What a planted link leads to."""
    path = tmp_path / "own"
    path.write_text(OWN)
    return path


@pytest.mark.parametrize("place", PLACES)
def test_a_folder_with_a_link_is_refused_and_nothing_is_written_through_it(
    tmp_path: Path, own: Path, place: str
) -> None:
    link = tmp_path / ".laneway" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(own)
    with pytest.raises(LocalError, match="is a link") as refused, StateFolder(tmp_path / ".laneway").locked():
        pass
    assert str(link) in str(refused.value)
    assert own.read_text() == OWN


def test_a_folder_that_is_a_link_itself_is_refused(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (tmp_path / ".laneway").symlink_to(there)
    with pytest.raises(LocalError, match="is a link"), StateFolder(tmp_path / ".laneway").locked():
        pass
    assert list(there.iterdir()) == []


def test_a_folder_that_was_there_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / ".laneway"
    folder.mkdir()
    folder.chmod(0o755)
    with StateFolder(folder).locked():
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_keys_that_others_may_read_are_made_anew(tmp_path: Path, mode: int) -> None:
    planted = keys_of(tmp_path)
    (tmp_path / KEYS_FILE).chmod(mode)
    made = keys_of(tmp_path)
    assert made.access_key_id != planted.access_key_id
    assert keys_of(tmp_path) == made


@pytest.mark.parametrize("bucket", ["..", "../..", "/etc", "a/../../..", "."])
def test_the_index_of_objects_names_no_file_elsewhere(tmp_path: Path, own: Path, bucket: str) -> None:
    state = EmbeddedState(tmp_path / "aws")
    found = state._path(bucket, own.name)
    assert found.resolve().parent.parent == (tmp_path / "aws" / "s3").resolve()


@pytest.mark.parametrize("record", ["[]", "null", "1", '{"boot": 1}', '{"children": []}'])
def test_a_record_of_processes_that_is_none_ends_nothing(tmp_path: Path, record: str) -> None:
    file = tmp_path / "children.json"
    file.write_text(record)
    assert Children(file).end_leftovers() == []
