"""A dashboard that is asked without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway_dashboard.ports.visitors import Role
from support.dashboard.asking import Asking

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def asking() -> Callable[..., Asking]:
    return lambda world="busy", role=Role.OPERATOR: Asking(world, role).enter()
