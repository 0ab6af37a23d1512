"""The gateways of a pool: what makes them, and what stands before and around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.render.gateway.around import account, budget, service
from laneway_operator.render.gateway.deployment import deployment

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView


def gateways(pool: PoolView) -> list[Manifest]:
    """Nothing for a pool that has none, or may have none; their NetworkPolicy is rendered with the others."""
    said, program = pool.gateway, pool.settings.gateways
    if said is None or program is None:
        return []
    return [account(pool, said), deployment(pool, said, program), service(pool, said), budget(pool)]
