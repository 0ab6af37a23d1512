from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.doors.house import House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.close()
