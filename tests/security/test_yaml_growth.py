"""Pool files of a few lines that stand for gigabytes."""

from __future__ import annotations

import pytest
import yaml

from laneway.pool_file import PoolFileError, read_pool
from laneway.schema.shared.yaml_text import MAX_NODES, read_yaml
from laneway_operator.errors import SpecError
from laneway_operator.rendering import rendered
from support.operator.in_memory import SETTINGS

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
        read_pool(text.encode(), "pool.yaml")
    with pytest.raises(SpecError, match=words):
        rendered(text, SETTINGS, {})


def test_aliases_that_repeat_little_are_read() -> None:
    assert read_yaml("a: &a {x: [1, 2]}\nb: *a\n---\nc: 1\n") == [{"a": {"x": [1, 2]}, "b": {"x": [1, 2]}}, {"c": 1}]


def test_a_text_that_is_no_yaml_is_still_told_as_such() -> None:
    with pytest.raises(yaml.YAMLError):
        read_yaml("a: [")
