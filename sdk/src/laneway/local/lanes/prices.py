"""What an hour of a lane costs, by the placement profiles that it names: of a profile, nothing else matters here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.profile import common_price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway.schema.pool.profile import ProfileSpec


def prices_of(pool: LLMWorkerPool, known: Mapping[str, ProfileSpec]) -> dict[str, float | None]:
    """Lane → USD for an hour; nothing where one of its profiles is not known, or their prices differ."""
    return {
        lane.name: common_price(known[name] for name in lane.profiles) if set(lane.profiles) <= set(known) else None
        for lane in pool.spec.lanes
    }
