"""Where a pool's file is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from laneway.pool_file import MAX_FILE_BYTES, load_objects, load_pool, load_profiles
from laneway.schema.pool.file import PoolFileError
from support.inputs.pools import named, pool_with
from support.inputs.profiles import profile_with

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_is_not_there_has_no_line(tmp_path: Path) -> None:
    with pytest.raises(PoolFileError, match=r"none\.yaml: can't be read: No such file or directory$"):
        load_pool(tmp_path / "none.yaml")


def test_a_file_is_read_to_its_bound_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "pool.yaml"
    text = yaml.safe_dump(pool_with())
    path.write_text(text + "#" * (MAX_FILE_BYTES - len(text)))
    assert load_pool(path).metadata.name == "documents"
    path.write_text(path.read_text() + "#")
    with pytest.raises(PoolFileError, match=f"has more than {MAX_FILE_BYTES:,} bytes; leave out what is no pool$"):
        load_pool(path)


def test_one_pool_is_wanted_where_one_is_used(tmp_path: Path) -> None:
    path = tmp_path / "pools.yaml"
    path.write_text(yaml.safe_dump_all([pool_with(), named(pool_with(), "claims")]))
    assert len(load_objects(path).pools) == 2
    words = "holds 2 pools, default/documents, nlp/claims: keep one, or give each a file of its own$"
    with pytest.raises(PoolFileError, match=words):
        load_pool(path)


def test_a_pool_is_wanted_where_one_is_used_and_a_profile_where_those_are(tmp_path: Path) -> None:
    path = tmp_path / "pool.yaml"
    path.write_text(yaml.safe_dump_all([profile_with("g5"), profile_with("g6")]))
    assert [each.metadata.name for each in load_profiles(path)] == ["g5", "g6"]
    with pytest.raises(PoolFileError, match=r"no object of kind LLMWorkerPool, only PlacementProfile$"):
        load_pool(path)
    path.write_text(yaml.safe_dump(pool_with()))
    with pytest.raises(PoolFileError, match=r"no object of kind PlacementProfile, only LLMWorkerPool$"):
        load_profiles(path)
