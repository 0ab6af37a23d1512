"""Responses that are asked for again: told, streamed, cancelled and forgotten. Nothing of the request is kept with a
job: what an answer repeats of it stands in the first one alone.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.translate.openai.responses import answers
from laneway.translate.openai.responses.answers import PREFIX
from laneway.translate.openai.responses.stream import Events
from laneway.translate.pieces import Head
from laneway.translate.reply import Reply
from laneway_gateway.doors.asking.credentials import caller_of
from laneway_gateway.doors.door import NO_RETRY, Denied
from laneway_gateway.doors.holding.taking import Holding, left
from laneway_gateway.doors.holding.telling import Telling, told
from laneway_gateway.errors import UnknownJob

if TYPE_CHECKING:
    from laneway_gateway.desk import Standing
    from laneway_gateway.doors.asking.credentials import Caller
    from laneway_gateway.doors.exchange import Exchange

STATUSES = {"queued": "queued", "running": "in_progress", "cancelling": "cancelled"}
"""How a job stands without a result → how its response does."""
_FROM_THE_START = "starting_after: pieces are put together anew each time, so ask for the stream from its start"


async def retrieve(exchange: Exchange) -> None:
    """`GET /v1/responses/{id}`, with `stream=true` as events."""
    caller, job_id = caller_of(exchange), _job(exchange)
    standing = await exchange.inside.desk.standing(caller.tenant, job_id)
    if exchange.query.get("stream", "false").lower() == "true":
        await _streamed(exchange, caller, standing)
    else:
        await _tell(exchange, standing)


async def cancel(exchange: Exchange) -> None:
    """`POST /v1/responses/{id}/cancel`: what has a result keeps it."""
    await _tell(exchange, await exchange.inside.desk.cancel(caller_of(exchange).tenant, _job(exchange)))


async def delete(exchange: Exchange) -> None:
    """`DELETE /v1/responses/{id}`: no door tells of it any more; the bucket keeps it for its own time."""
    job_id = _job(exchange)
    await exchange.inside.desk.forget(caller_of(exchange).tenant, job_id)
    told: dict[str, Any] = {"id": f"{PREFIX}{job_id}", "object": "response", "deleted": True}
    await exchange.reply(Reply(HTTPStatus.OK, told))


async def _streamed(exchange: Exchange, caller: Caller, standing: Standing) -> None:
    if "starting_after" in exchange.query:
        raise Denied(HTTPStatus.BAD_REQUEST, _FROM_THE_START, headers=NO_RETRY)
    job_id = _job(exchange)
    holding = Holding(await exchange.inside.desk.follow(caller.tenant, job_id))
    async with left(exchange, holding, kept=True):
        events = Events(_head(exchange, job_id, standing), {"background": True})
        await told(exchange, holding, caller, Telling(exchange, events))


async def _tell(exchange: Exchange, standing: Standing) -> None:
    job_id = _job(exchange)
    exchange.of_job(job_id)
    head, echo = _head(exchange, job_id, standing), {"background": True}
    if standing.result is None:
        await exchange.reply(Reply(HTTPStatus.OK, answers.unfinished(STATUSES[standing.status], head, echo)))
    else:
        await exchange.reply(Reply(HTTPStatus.OK, answers.response(standing.result, head, echo)))


def _head(exchange: Exchange, job_id: str, standing: Standing) -> Head:
    return Head(job_id, standing.model, standing.came or exchange.came)


def _job(exchange: Exchange) -> str:
    name: str = exchange.params["name"]
    if not name.startswith(PREFIX):
        raise UnknownJob("there is no response of this id; check the id")
    return name.removeprefix(PREFIX)
