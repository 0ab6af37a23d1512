"""The lanes that a caller may use, and what is known of their models."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.schema.shared.base import shown
from laneway.translate.offers import Offer
from laneway_gateway.doors.door import NO_RETRY, Denied
from laneway_gateway.errors import PoolUnreachable

if TYPE_CHECKING:
    from laneway.schema.pool.documents.model_facts import ModelFacts
    from laneway.schema.pool.documents.pool_document import PoolDocument, PoolLane
    from laneway.translate.offers import Offers
    from laneway_gateway.desk import Tenant
    from laneway_gateway.pool import Pool


async def offers_for(pool: Pool, tenant: Tenant, wanted: str | None = None) -> Offers:
    """The tenant's lanes, its preferred one first, or the one that it wants. Raises `PoolUnreachable` and `Denied`."""
    lanes = lanes_of(await pool.document(), tenant)
    if wanted is not None:
        lanes = [_wanted(wanted, lanes)]
    return tuple(await asyncio.gather(*(_offer(pool, each) for each in lanes)))


def lanes_of(document: PoolDocument, tenant: Tenant) -> list[PoolLane]:
    """The pool's lanes that a tenant may use, in its order; what is no lane of the pool is passed over."""
    known = {each.name: each for each in document.lanes}
    return [known[name] for name in tenant.lanes or known if name in known]


def _wanted(name: str, lanes: list[PoolLane]) -> PoolLane:
    found = next((each for each in lanes if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in lanes) or "none"
        words = f"X-Laneway-Lane: there is no lane {shown(name)} for this key; use one of these: {known}"
        raise Denied(HTTPStatus.BAD_REQUEST, words, headers=NO_RETRY)
    return found


async def _offer(pool: Pool, lane: PoolLane) -> Offer:
    return Offer(lane, await _facts(pool, lane.name))


async def _facts(pool: Pool, lane: str) -> ModelFacts | None:
    """Where they can't be read nobody knows, and the worker refuses what its model can't."""
    try:
        return await pool.facts(lane)
    except PoolUnreachable:
        return None
