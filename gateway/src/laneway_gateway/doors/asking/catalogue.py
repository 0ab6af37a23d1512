"""Requests that only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_gateway.doors.asking.credentials import caller_of
from laneway_gateway.doors.asking.offers import offers_for

if TYPE_CHECKING:
    from laneway.translate.offers import Offers
    from laneway_gateway.doors.exchange import Exchange


async def offers_of(exchange: Exchange) -> Offers:
    """The lanes of whoever looks; all of them where anybody may. Raises what `offers_for` and `caller_of` raise."""
    caller = caller_of(exchange, catalogue=True)
    return await offers_for(exchange.inside.pool, caller.tenant)
