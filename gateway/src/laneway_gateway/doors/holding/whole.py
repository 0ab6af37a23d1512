"""An answer that is sent whole: held as long as the client and what stands between have patience."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.translate.statuses import of_job
from laneway_gateway.desk import Broken, Ended
from laneway_gateway.doors.asking.credentials import CODE
from laneway_gateway.doors.door import Denied
from laneway_gateway.doors.holding.ends import Over, hung_up, out_of_time, patience, revoked
from laneway_gateway.doors.race import until

if TYPE_CHECKING:
    from laneway_gateway.doors.asking.credentials import Caller
    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.doors.holding.taking import Holding

AGAIN = {"x-should-retry": "true", "Retry-After": "1"}
"""OpenAI's clients come back by this, and join the job that runs."""
REVOKED = "the key is no longer known"


async def ended(exchange: Exchange, holding: Holding, caller: Caller, deadline: float | None) -> Ended | None:
    """The end, or None where the client has gone. Raises `Denied`."""
    inside = exchange.inside
    waited = inside.clock.monotonic() - exchange.asked
    seconds = patience(deadline, inside.settings.edge_idle_seconds) - waited
    found = await until(
        holding.held.ended(), hung_up(exchange.receive), out_of_time(inside, seconds), revoked(inside, caller)
    )
    if holding.place is not None and isinstance(found, Over):
        holding.place.given_up()
    if isinstance(found, Ended):
        if holding.place is not None:
            holding.place.began(found.result)
        return found
    holding.hung_up = isinstance(found, Over)
    if found is Over.HUNG_UP:
        return None
    raise denied(found, holding.held.job_id)


def denied(end: Broken | Over, job_id: str) -> Denied:
    """What is told to a client that waits no longer, and has not gone."""
    match end:
        case Broken(message):
            return Denied(HTTPStatus.SERVICE_UNAVAILABLE, of_job(message, job_id), headers=AGAIN)
        case Over.REVOKED:
            return Denied(HTTPStatus.UNAUTHORIZED, of_job(REVOKED, job_id), code=CODE)
        case _:
            words = "there is no answer yet: send the same request again and it joins its job, or ask for a stream"
            return Denied(HTTPStatus.SERVICE_UNAVAILABLE, of_job(words, job_id), headers=AGAIN)
