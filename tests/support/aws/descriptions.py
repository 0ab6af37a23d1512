"""botocore's descriptions of AWS' services, read once by a process: each session, such as every pool has one, reads
them anew, for half of all that tests of pools cost.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader, Loader
from moto.core.loaders import Loader as MotosLoader


class ReadOnce(JSONFileLoader):
    """What is in a file is what was in it."""

    def exists(self, file_path: str) -> bool:
        """See the base."""
        return _exists(file_path)

    def load_file(self, file_path: str) -> Any:
        """See the base; nobody changes it."""
        return _loaded(file_path)


@cache
def _exists(path: str) -> bool:
    return JSONFileLoader().exists(path)


@cache
def _loaded(path: str) -> Any:
    return JSONFileLoader().load_file(path)


def read_once() -> None:
    """From now on, for all sessions of this process; moto writes more into what it has read, so it reads its own."""
    MotosLoader.FILE_LOADER_CLASS = JSONFileLoader
    Loader.FILE_LOADER_CLASS = ReadOnce
