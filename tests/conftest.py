"""What holds for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import canary
from support.aws.descriptions import read_once

if TYPE_CHECKING:
    from collections.abc import Iterator


read_once()


@pytest.fixture(scope="session", autouse=True)
def _no_process_has_told_a_prompt_or_an_answer() -> Iterator[None]:
    """The first fixture of all, so the last to end: every process has written all that it will."""
    yield
    found = canary.GATE.found()
    assert not found, "prompts or answers were told:\n" + "\n".join(found[:20])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests that are coroutines run where the gateway does."""
    return "asyncio"
