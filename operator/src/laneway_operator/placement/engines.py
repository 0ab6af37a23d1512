"""Which engine a pool gets. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.errors import SpecError
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from laneway_operator.engines import Engine, Engines


def engine_of(name: str | None, engines: Engines) -> Engine:
    """The engine of this name, or the default; raises `SpecError`."""
    found = engines.engines.get(name or engines.default_engine)
    if found is None:
        raise SpecError(Reason.UNKNOWN_ENGINE, f"no engine {name}; there are: {engines.names}")
    return found
