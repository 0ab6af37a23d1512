"""A file with pools and placement profiles, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from laneway.schema.pool.file import PoolFileError, Problem, needs_pool, read_objects, read_profiles

if TYPE_CHECKING:
    from laneway.schema.pool.file import PoolFile
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway.schema.pool.profile import PlacementProfile

MAX_FILE_BYTES = 256 * 1024
STANDARD_INPUT = Path("-")


def load_objects(path: Path) -> PoolFile:
    """Read and validate every pool and placement profile of a file, or of standard input, which is `-`; raises
    `PoolFileError`.
    """
    return read_objects(_data(path), str(path))


def load_profiles(path: Path) -> tuple[PlacementProfile, ...]:
    """The placement profiles of a file; raises `PoolFileError`."""
    return read_profiles(_data(path), str(path))


def load_pool(path: Path) -> LLMWorkerPool:
    """The one pool of a file; raises `PoolFileError`."""
    return only_pool(load_objects(path), path)


def only_pool(found: PoolFile, path: Path) -> LLMWorkerPool:
    """The one pool of a file that was read; raises `PoolFileError`."""
    pools = needs_pool(found, str(path)).pools
    if len(pools) > 1:
        names = ", ".join(each.full_name for each in pools)
        raise _of_the_whole(path, f"holds {len(pools)} pools, {names}: keep one, or give each a file of its own")
    return pools[0]


def _data(path: Path) -> bytes:
    try:
        data = _read(path)
    except OSError as error:
        raise _of_the_whole(path, f"can't be read: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise _of_the_whole(path, f"has more than {MAX_FILE_BYTES:,} bytes; leave out what is no pool")
    return data


def _of_the_whole(path: Path, words: str) -> PoolFileError:
    return PoolFileError(str(path), [Problem(0, words)])


def _read(path: Path) -> bytes:
    """One byte more than is taken tells that there is more."""
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)
