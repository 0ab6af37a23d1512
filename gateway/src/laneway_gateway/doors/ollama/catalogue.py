"""What Ollama tells of itself and of its models."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.translate.ollama import catalogue
from laneway.translate.ollama.errors import forbidden
from laneway.translate.reply import Reply
from laneway_gateway.doors.asking.body import body_of
from laneway_gateway.doors.asking.catalogue import offers_of
from laneway_gateway.doors.asking.credentials import caller_of

if TYPE_CHECKING:
    from laneway_gateway.doors.exchange import Exchange

RUNNING = b"Ollama is running"
"""What clients look for at the root."""


async def root(exchange: Exchange) -> None:
    """`GET /`: for anybody, as it says nothing."""
    await exchange.whole(HTTPStatus.OK, RUNNING, "text/plain; charset=utf-8")


async def version(exchange: Exchange) -> None:
    """`GET /api/version`."""
    await exchange.reply(Reply(HTTPStatus.OK, dict(catalogue.version(await offers_of(exchange)))))


async def tags(exchange: Exchange) -> None:
    """`GET /api/tags`."""
    await exchange.reply(Reply(HTTPStatus.OK, catalogue.tags(await offers_of(exchange))))


async def ps(exchange: Exchange) -> None:
    """`GET /api/ps`: the lanes of which a worker has told."""
    loaded = tuple(each for each in await offers_of(exchange) if each.facts is not None)
    await exchange.reply(Reply(HTTPStatus.OK, catalogue.ps(loaded)))


async def show(exchange: Exchange) -> None:
    """`POST /api/show`."""
    offers = await offers_of(exchange)
    with exchange.inside.desk.reserve(caller_of(exchange, catalogue=True).tenant) as room:
        body = await body_of(exchange, room.memory)
        await exchange.reply(Reply(HTTPStatus.OK, catalogue.show(body.value, offers)))


async def changes(exchange: Exchange) -> None:
    """What would change the models: nobody may, whatever the body says."""
    caller_of(exchange)
    await exchange.reply(forbidden(exchange.path.rpartition("/")[2]))
