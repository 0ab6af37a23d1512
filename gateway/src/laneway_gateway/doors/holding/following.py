"""Jobs that were sent before: held again, by who has not to answer for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_gateway.desk import Ended
from laneway_gateway.doors.door import HungUp
from laneway_gateway.doors.holding.ends import Over, hung_up, out_of_time, patience, revoked
from laneway_gateway.doors.holding.taking import Holding, left
from laneway_gateway.doors.holding.whole import denied
from laneway_gateway.doors.race import until

if TYPE_CHECKING:
    from laneway_gateway.doors.asking.credentials import Caller
    from laneway_gateway.doors.exchange import Exchange


async def end_within(exchange: Exchange, caller: Caller, job_id: str, seconds: float) -> Ended | None:
    """A job's end, or None where it does not come within so many seconds, or within what a load balancer allows. Raises
    `Denied`, `HungUp` and what the desk raises.
    """
    inside = exchange.inside
    held = await inside.desk.follow(caller.tenant, job_id)
    most = min(seconds, patience(None, inside.settings.edge_idle_seconds))
    async with left(exchange, Holding(held)):
        found = await until(held.ended(), hung_up(exchange.receive), out_of_time(inside, most), revoked(inside, caller))
    if found is Over.HUNG_UP:
        raise HungUp
    if found is Over.OUT_OF_TIME:
        return None
    if isinstance(found, Ended):
        return found
    raise denied(found, job_id)
