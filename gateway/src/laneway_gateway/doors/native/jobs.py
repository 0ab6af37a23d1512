"""Taking jobs, and telling how they stand."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.translate.reply import Reply
from laneway_gateway.desk import Asked, Standing
from laneway_gateway.doors.asking.body import MEMORY_A_BYTE, bytes_of
from laneway_gateway.doors.asking.credentials import caller_of
from laneway_gateway.doors.asking.offers import offers_for
from laneway_gateway.doors.asking.terms import terms_of
from laneway_gateway.doors.asking.tiers import lane_meant, with_first
from laneway_gateway.doors.door import NO_RETRY, Denied
from laneway_gateway.doors.holding.answering import accepted
from laneway_gateway.doors.holding.following import end_within
from laneway_gateway.doors.holding.taking import Holding, left, taken
from laneway_gateway.doors.holding.telling import Telling, told
from laneway_gateway.doors.native.requests import read_job
from laneway_gateway.doors.native.speech import JobLines, standing_body, started_line

if TYPE_CHECKING:
    from laneway_gateway.doors.asking.credentials import Caller
    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.rooms import Room

MOST_WAIT = 3600.0  # seconds


async def submit(exchange: Exchange) -> None:
    """`POST /jobs`: take a job; its sender comes back for the result."""
    caller = caller_of(exchange)
    with exchange.inside.desk.reserve(caller.tenant) as room:
        asked = await _asked(exchange, caller, room)
        holding, lane = await taken(exchange, asked, room), asked.translated.lane
        del asked  # its words don't wait for a slow reader
        async with left(exchange, holding):
            await exchange.reply(accepted(holding.held.job_id, lane))


async def _asked(exchange: Exchange, caller: Caller, room: Room) -> Asked:
    terms, pool = terms_of(exchange.headers), exchange.inside.pool
    meant = lane_meant(terms, None, exchange.inside.settings.lanes_for)
    offers = with_first(meant, await offers_for(pool, caller.tenant, terms.lane))
    document = await pool.document()
    body = await bytes_of(exchange, room.memory)
    return Asked(
        tenant=caller.tenant,
        translated=read_job(body, offers, document, caller.tenant.labels),
        path=exchange.path,
        body_hash=hashlib.sha256(body).hexdigest(),
        retry=terms.retry,
        idempotency_key=terms.idempotency_key,
        kept=True,
    )


async def status(exchange: Exchange) -> None:
    """`GET /jobs/{id}`."""
    await _tell(exchange, await exchange.inside.desk.standing(caller_of(exchange).tenant, _job(exchange)))


async def cancel(exchange: Exchange) -> None:
    """`POST /jobs/{id}/cancel`: what has a result keeps it."""
    caller = caller_of(exchange)
    await _tell(exchange, await exchange.inside.desk.cancel(caller.tenant, _job(exchange)))


async def result(exchange: Exchange) -> None:
    """`GET /jobs/{id}/result?wait=SECONDS`: the result, or how the job stands."""
    caller, wait = caller_of(exchange), _wait(exchange)
    standing = await exchange.inside.desk.standing(caller.tenant, _job(exchange))
    if standing.result is None and wait > 0:
        end = await end_within(exchange, caller, _job(exchange), wait)
        standing = standing if end is None else Standing(end.result.status, end.result)
    if standing.result is None:
        await _tell(exchange, standing)
    else:
        await _told_again(exchange, caller, standing.result.to_json())


async def _told_again(exchange: Exchange, caller: Caller, result: bytes) -> None:
    """A result may have 40 MiB: as many of a key are sent at once as it may hold, and while it has memory left."""
    with exchange.inside.desk.reserve(caller.tenant) as room:
        room.memory.reach(1)
        room.memory.become(MEMORY_A_BYTE * len(result))
        await exchange.whole(HTTPStatus.OK, result, "application/json")


async def stream(exchange: Exchange) -> None:
    """`GET /jobs/{id}/stream`: what happens, as it happens. Who goes away has not hung up: the job is another's."""
    caller = caller_of(exchange)
    holding = Holding(await exchange.inside.desk.follow(caller.tenant, _job(exchange)))
    async with left(exchange, holding, kept=True):
        lines = JobLines(holding.held.job_id)
        await told(exchange, holding, caller, Telling(exchange, lines, started=started_line))


async def _tell(exchange: Exchange, standing: Standing) -> None:
    ready = standing.result is not None
    headers = {} if ready else {"Retry-After": "1"}
    body = standing_body(_job(exchange), standing)
    await exchange.reply(Reply(HTTPStatus.OK if ready else HTTPStatus.ACCEPTED, body, headers))


def _job(exchange: Exchange) -> str:
    found: str = exchange.params["job_id"]
    return found


def _wait(exchange: Exchange) -> float:
    text = exchange.query.get("wait", "0")
    with suppress(ValueError):
        if 0 <= (seconds := float(text)) <= MOST_WAIT:
            return seconds
    words = f"wait: should be a number of seconds from 0 to {MOST_WAIT:.0f}"
    raise Denied(HTTPStatus.BAD_REQUEST, words, headers=NO_RETRY)
