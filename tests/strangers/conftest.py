"""One pool with its gateways for all strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.local.pool import require_ollama
from support.strangers.target import target as make_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.strangers.target import Target


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this hook, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run by several processes, all stay in one: they share a pool."""
    for item in items:
        if "/strangers/" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(600, func_only=True))
            item.add_marker(pytest.mark.xdist_group("strangers"))


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    require_ollama()
    with make_target(tmp_path_factory.mktemp("strangers")) as made:
        yield made
