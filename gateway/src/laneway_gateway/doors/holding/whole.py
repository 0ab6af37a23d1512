"""An answer that is sent whole: held as long as the client and what stands between have patience."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway_gateway.desk import Broken, Ended
from laneway_gateway.doors.asking.credentials import CODE
from laneway_gateway.doors.door import Denied
from laneway_gateway.doors.holding.ends import Over, hung_up, out_of_time, patience, revoked
from laneway_gateway.doors.race import until

if TYPE_CHECKING:
    from laneway_gateway.doors.asking.credentials import Caller
    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.doors.holding.taking import Holding, Place

AGAIN = {"x-should-retry": "true", "Retry-After": "1"}
"""OpenAI's clients come back by this, and join the job that runs."""
REVOKED = "the key is no longer known"


async def ended(
    exchange: Exchange, holding: Holding, caller: Caller, deadline: float | None, place: Place | None = None
) -> Ended | None:
    """The end, or None where the client has gone. Raises `Denied`."""
    inside = exchange.inside
    seconds = patience(deadline, inside.settings.edge_idle_seconds) - exchange.seconds()
    found = await until(
        holding.held.ended(), hung_up(exchange.receive), out_of_time(inside, seconds), revoked(inside, caller)
    )
    if place is not None and not isinstance(found, Broken):
        place.began(found.result if isinstance(found, Ended) else None)
    if isinstance(found, Ended):
        return found
    job = f"Job: {holding.held.job_id}"
    if isinstance(found, Broken):
        raise Denied(HTTPStatus.SERVICE_UNAVAILABLE, f"{found.message} {job}", headers=AGAIN)
    holding.hung_up = True
    match found:
        case Over.HUNG_UP:
            return None
        case Over.REVOKED:
            raise Denied(HTTPStatus.UNAUTHORIZED, f"{REVOKED}. {job}", code=CODE)
        case Over.OUT_OF_TIME:
            words = "there is no answer yet: send the same request again and it joins its job, or ask for a stream"
            raise Denied(HTTPStatus.SERVICE_UNAVAILABLE, f"{words}. {job}", headers=AGAIN)
