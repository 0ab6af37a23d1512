from __future__ import annotations

import pytest

from laneway_gateway.testing.clock import ManualClock
from laneway_gateway.testing.pool import MemoryStore


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()
