from __future__ import annotations

import json
import re
from typing import Any

import pytest

from laneway.schema.pool.documents.keys_file import MAX_KEYS, KeysFileError, hash_of, read_keys

HASHES = [hash_of(str(each)) for each in range(MAX_KEYS + 1)]


def file_of(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"keys": entries}).encode()


def key(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"name": "team-a", "sha256": HASHES[number], **fields}


def test_the_hash_is_that_of_every_other_program() -> None:
    """`printf %s abc | sha256sum`."""
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_key_may_be_replaced_by_another_while_both_count() -> None:
    assert len(read_keys(file_of(key(1), key(2))).keys) == 2


def test_a_file_may_begin_with_the_mark_of_editors_on_windows() -> None:
    assert read_keys(b"\xef\xbb\xbf" + file_of(key())).keys[0].name == "team-a"


def test_nobody_may_come_in() -> None:
    assert read_keys(file_of()).keys == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff", "not UTF-8"),
        (b'{"keys": [], "keys": []}', "a key stands twice in one object"),
        (file_of(key(name="Team A")), "keys[0].name: should be small letters, digits and dashes"),
        (file_of(key(sha256="lw-secret")), "keys[0].sha256: should be the SHA-256 of the key, 64 digits"),
        (file_of(key(sha256=HASHES[0].upper())), "keys[0].sha256: should be the SHA-256"),
        (file_of(key(), key(1, max_held=3)), "keys[1].max_held: unknown field; did you mean maxHeld?"),
        (file_of(key(maxHeld="3")), "keys[0].maxHeld: should be a whole number, without quotes"),
        (file_of(key(quota={})), "keys[0].quota: should have jobsInFlight, tokensPerDay or gpuSecondsPerDay"),
        (file_of(key(quota={"tokensPerDay": 0})), "keys[0].quota.tokensPerDay: should be greater than or equal to 1"),
        (file_of(key(quota={"jobsInFlight": 10_001})), "keys[0].quota.jobsInFlight: should be less than or equal"),
        (file_of(key(quota={"maxBudget": 5})), "keys[0].quota.maxBudget: unknown field"),
        (file_of(key(quota={"tokensPerDay": 5}), key(1)), "the entries of team-a differ in more than sha256"),
        (file_of(key(maxHeld=0)), "keys[0].maxHeld: should be greater than or equal to 1"),
        (file_of(key(lanes="fast")), "keys[0].lanes: should be a list"),
        (file_of(key(lanes=["fast", "fast"])), "keys[0]: lanes names fast twice"),
        (file_of(key(labels={"a": "\x1b"})), "keys[0].labels.a: should be text without control characters"),
        (file_of(key(), key()), "one key stands twice (team-a)"),
        (file_of(key(), key(name="team-b")), "one key stands twice (team-a, team-b)"),
        (file_of(key(), key(1, maxHeld=3)), "the entries of team-a differ in more than sha256"),
        (file_of(*(key(each) for each in range(MAX_KEYS + 1))), "keys: should have at most 1000 items"),
        (b" " * (1024 * 1024 + 1), "has more than 1,048,576 bytes"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(data: bytes, words: str) -> None:
    with pytest.raises(KeysFileError, match=re.escape(words)) as caught:
        read_keys(data)
    assert "lw-secret" not in str(caught.value)
