"""A keys file that people, editors and the kubelet change while the gateway runs."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import TYPE_CHECKING

import pytest

from laneway.schema.pool.documents.keys_file import MAX_KEYS_FILE_BYTES, KeysFileError, hash_of
from laneway_gateway.keys.file_keys import LOOK_SECONDS, FileKeys
from laneway_gateway.testing.clock import settle

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_gateway.testing.clock import ManualClock

KEY = "lw-of-team-a"
PATIENCE_SECONDS = 30


def content(*names: str) -> str:
    return json.dumps({"keys": [{"name": each, "sha256": hash_of(f"lw-of-{each}")} for each in names]})


def look(keys: FileKeys) -> None:
    asyncio.run(keys.look())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(content("team-a"))
    return path


@pytest.fixture
def keys(file: Path, clock: ManualClock) -> FileKeys:
    found = FileKeys(file, clock)
    found.begin()
    return found


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(vars(each)["fields"]["trouble"]) for each in caplog.records if each.levelno == logging.WARNING]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no keys file {}: write the entries that `laneway keys new NAME` prints into it"),
        ("", "the keys file {}: not JSON: Expecting value at line 1 column 1"),
        ("[]", "the keys file {}: should be an object with fields"),
        ('{"keys": [{"name": "a"}]}', "the keys file {}: keys[0].sha256: is missing; add it"),
    ],
)
def test_what_can_not_be_used_at_the_start_is_one_line(
    tmp_path: Path, clock: ManualClock, text: str | None, words: str
) -> None:
    path = tmp_path / "keys.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(KeysFileError) as caught:
        FileKeys(path, clock).begin()
    assert str(caught.value) == words.format(path)


def test_a_folder_is_no_file(tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(KeysFileError, match="can't be read: Is a directory"):
        FileKeys(tmp_path, clock).begin()


def test_a_file_without_end_is_not_read_to_it(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(b" " * (MAX_KEYS_FILE_BYTES + 1))
    with pytest.raises(KeysFileError, match="has more than 1,048,576 bytes"):
        FileKeys(path, clock).begin()


def test_a_new_key_counts_and_one_that_is_gone_does_not(keys: FileKeys, file: Path) -> None:
    file.write_text(content("team-b"))
    look(keys)
    assert keys.find(KEY) is None
    assert keys.find("lw-of-team-b") is not None


def test_an_edit_within_one_tick_of_the_file_systems_clock_counts(keys: FileKeys, file: Path) -> None:
    before = file.stat()
    file.write_text(content("team-x"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    look(keys)
    assert keys.find(KEY) is None


def test_the_last_key_may_go(keys: FileKeys, file: Path) -> None:
    file.write_text(content())
    look(keys)
    assert keys.find(KEY) is None
    assert not keys.broken


def test_a_link_that_the_kubelet_turns_round_is_followed(tmp_path: Path, clock: ManualClock) -> None:
    """As its atomic writer does: keys.json → ..data/keys.json, ..data → ..2026_1, then another ..data is renamed."""
    for folder, name in (("..2026_1", "team-a"), ("..2026_2", "team-b")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "keys.json").write_text(content(name))
    (tmp_path / "..data").symlink_to("..2026_1")
    (tmp_path / "keys.json").symlink_to("..data/keys.json")
    keys = FileKeys(tmp_path / "keys.json", clock)
    keys.begin()
    (tmp_path / "..data_tmp").symlink_to("..2026_2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    look(keys)
    assert keys.find(KEY) is None
    assert keys.find("lw-of-team-b") is not None


@pytest.mark.parametrize("broken", ["", '{"keys": [', '{"keys": [{"name": "team-a"}]}', None])
def test_what_is_broken_changes_nothing_and_is_told_once(
    keys: FileKeys, file: Path, caplog: pytest.LogCaptureFixture, broken: str | None
) -> None:
    file.unlink()
    if broken is not None:
        file.write_text(broken)
    for _ in range(3):
        look(keys)
    assert keys.find(KEY) is not None
    assert keys.broken
    assert len(warnings(caplog)) == 1


def test_what_is_mended_counts_again(keys: FileKeys, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    good = file.read_text()
    for text in ("{", content("team-b"), "{", good):
        file.write_text(text)
        look(keys)
    assert not keys.broken
    assert keys.find(KEY) is not None
    assert [each.getMessage() for each in caplog.records].count("keys read anew") == 2
    assert len(warnings(caplog)) == 2


def test_a_key_in_a_broken_file_is_not_logged(keys: FileKeys, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text(json.dumps({"keys": [{"name": "team-a", "sha256": KEY}]}))
    look(keys)
    assert KEY not in str([vars(each) for each in caplog.records])
    assert "keys[0].sha256" in warnings(caplog)[0]


async def test_it_looks_once_a_second(keys: FileKeys, file: Path, clock: ManualClock) -> None:
    running = asyncio.ensure_future(keys.run())
    await settle()
    await asyncio.to_thread(file.write_text, content("team-b"))
    await clock.advance(LOOK_SECONDS / 2)
    assert keys.find(KEY) is not None
    await clock.advance(LOOK_SECONDS)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while keys.find(KEY) is not None:
            await settle()
    running.cancel()
