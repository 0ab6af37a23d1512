"""Pool files of a few lines that stand for gigabytes, take minutes, or hold what a terminal obeys."""

from __future__ import annotations

import pytest
import yaml

from laneway.pool_file import MAX_FILE_BYTES
from laneway.schema.pool.file import MOST_PROBLEMS, PoolFileError, read_pools
from laneway.schema.shared.yaml_text import MAX_NODES, read_yaml

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 10)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS = {"lists": LAUGHS, "merged keys": MERGES, "itself": "a: &a [*a, *a]\n"}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_file_that_grows_is_refused_before_it_has_grown(text: str) -> None:
    assert len(text) < 600
    words = f"its aliases stand for more than {MAX_NODES:,} values; write them out"
    with pytest.raises(PoolFileError, match=words):
        read_pools(text, "pool.yaml")


def test_aliases_that_repeat_little_are_read() -> None:
    assert read_yaml("a: &a {x: [1, 2]}\nb: *a\n---\nc: 1\n") == [{"a": {"x": [1, 2]}, "b": {"x": [1, 2]}}, {"c": 1}]


def test_a_text_that_is_no_yaml_is_still_told_as_such() -> None:
    with pytest.raises(yaml.YAMLError):
        read_yaml("a: [")


SIXTIES = ":".join("1" * (MAX_FILE_BYTES // 2))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "number",
    [SIXTIES, f"{SIXTIES}.5", "0x" + "f" * 100_000, "9" * 4000, "0." + "9" * 100_000 + "e9999"],
    ids=["sixties", "sixties with a point", "an endless hexadecimal", "endless digits", "an endless fraction"],
)
def test_a_number_without_end_is_a_text(number: str) -> None:
    assert read_yaml(f"a: {number}") == [{"a": number}]


@pytest.mark.timeout(20)
def test_of_very_many_mistakes_the_first_are_told() -> None:
    text = "".join(f"k{number}: 1\n" for number in range(5_000))
    with pytest.raises(PoolFileError) as told:
        read_pools(text, "pool.yaml")
    assert len(told.value.problems) == MOST_PROBLEMS


OBEYED = "\\e]8;;http://evil.example\\e\\\\\\x9b2J"
QUOTED = {
    "a key that stands twice": f'"{OBEYED}": 1\n"{OBEYED}": 2\n',
    "a tag": "!<tag:%1b%5d8;;http://evil.example%1b%5c> a",
    "an unknown field": f'"{OBEYED}": 1\n',
}


@pytest.mark.parametrize("text", QUOTED.values(), ids=QUOTED)
def test_what_is_quoted_of_a_file_is_not_obeyed(text: str) -> None:
    with pytest.raises(PoolFileError) as told:
        read_pools(text, "pool.yaml")
    assert str(told.value).replace("\n", "").isprintable()
