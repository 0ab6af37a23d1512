from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.gateway.desks import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    made.store.error = made.store.refuses = None
    await made.close()
