"""OpenAI's list of models."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.translate.openai import catalogue
from laneway.translate.reply import Reply
from laneway_gateway.doors.asking.catalogue import offers_of

if TYPE_CHECKING:
    from laneway_gateway.doors.exchange import Exchange


async def models(exchange: Exchange) -> None:
    """`GET /v1/models`."""
    await exchange.reply(Reply(HTTPStatus.OK, catalogue.models(await offers_of(exchange))))


async def model(exchange: Exchange) -> None:
    """`GET /v1/models/{name}`, in which a slash may stand."""
    name: str = exchange.params["name"]
    await exchange.reply(Reply(HTTPStatus.OK, catalogue.model(name, await offers_of(exchange))))
