"""What every request for an answer goes through: read, made into a job, held, answered whole or as a stream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from laneway.translate.pieces import Head
from laneway.translate.reply import Reply
from laneway.translate.translated import Translated
from laneway_gateway.desk import Asked
from laneway_gateway.doors.asking.body import MEMORY_A_BYTE, body_of
from laneway_gateway.doors.asking.credentials import caller_of
from laneway_gateway.doors.asking.offers import offers_for
from laneway_gateway.doors.asking.terms import terms_of
from laneway_gateway.doors.asking.tiers import lane_meant, unheeded, with_first
from laneway_gateway.doors.asking.tools import without_tools
from laneway_gateway.doors.holding.taking import left, taken
from laneway_gateway.doors.holding.telling import Telling, told
from laneway_gateway.doors.holding.whole import ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.result import Result
    from laneway.translate.offers import Offers
    from laneway.translate.ollama.requests import Load
    from laneway.translate.reply import Stream
    from laneway.translate.translated import Wanted
    from laneway_gateway.doors.asking.credentials import Caller
    from laneway_gateway.doors.asking.terms import Terms
    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.doors.holding.taking import Holding
    from laneway_gateway.rooms import Room

JOBS = "/jobs"
"""Where the pool's own door tells of a job."""


@dataclass(frozen=True)
class Speech:
    """How one endpoint speaks: functions of `laneway.translate`."""

    read: Callable[[Any, Offers], Translated | Load]
    whole: Callable[[Result, Head, Wanted], dict[str, Any]]
    stream: Callable[[Head, Wanted], Stream] | None = None
    loaded: Callable[[Load, Head], dict[str, Any]] | None = None
    unfinished: Callable[[Head, Wanted], dict[str, Any]] | None = None
    """What is answered to who comes back for the answer by this door's own means."""
    tier: Callable[[Any], str | None] = lambda _: None
    """Which tier a body asks for."""
    tells_failure: bool = False
    """Whether `whole` tells of a job that failed, too: it is no HTTP error then."""


@dataclass(frozen=True)
class Said:
    """A request whose job was sent, without its words: what its answer needs."""

    caller: Caller
    terms: Terms
    speech: Speech
    lane: str
    model: str
    """As the request names it."""
    wanted: Wanted

    def head(self, exchange: Exchange, job_id: str) -> Head:
        """What every piece of its answer says."""
        return Head(job_id, self.model, exchange.came)


async def answer(exchange: Exchange, speech: Speech) -> None:
    """Answer a request that becomes a job. Raises what `endpoint.Endpoint` tells."""
    caller, terms = caller_of(exchange), terms_of(exchange.headers)
    with exchange.inside.desk.reserve(caller.tenant) as room:
        begun = await _begun(exchange, speech, caller, terms, room)
        if begun is None:
            return
        said, holding = begun
        async with left(exchange, holding):
            await _answered(exchange, holding, said)


async def _begun(
    exchange: Exchange, speech: Speech, caller: Caller, terms: Terms, room: Room
) -> tuple[Said, Holding] | None:
    """Read a request and send its job; None where it was only a model's. Nothing of its body stays when this returns,
    but for what its answer repeats.
    """
    asked = await _asked(exchange, speech, caller, terms, room)
    if not isinstance(asked, Asked):
        await _loaded(exchange, speech, asked)
        return None
    made = asked.translated
    exchange.tell("X-Laneway-Lane", made.lane)
    if made.ignored:
        exchange.tell("X-Laneway-Ignored", ", ".join(made.ignored))
    holding = await taken(exchange, asked, room)
    room.memory.become(MEMORY_A_BYTE * len(to_json(made.wanted.echo)))
    return Said(caller, terms, speech, made.lane, made.model, made.wanted), holding


async def _asked(exchange: Exchange, speech: Speech, caller: Caller, terms: Terms, room: Room) -> Asked | Load:
    offers = await offers_for(exchange.inside.pool, caller.tenant, terms.lane)
    body = await body_of(exchange, room.memory)
    tier = speech.tier(body.value)
    meant = lane_meant(terms, tier, exchange.inside.settings.lanes_for)
    offers = with_first(meant, offers)
    value, left_out = without_tools(body.value, offers) if caller.tenant.drops_tools else (body.value, ())
    made = speech.read(value, offers)
    if not isinstance(made, Translated):
        return made
    return Asked(
        tenant=caller.tenant,
        translated=replace(made, ignored=(*made.ignored, *left_out, *unheeded(tier, meant, made.lane))),
        path=exchange.path,
        body_hash=body.hash,
        retry=terms.retry,
        idempotency_key=terms.idempotency_key,
        kept=terms.kept or terms.later or made.wanted.background,
    )


async def _loaded(exchange: Exchange, speech: Speech, load: Load) -> None:
    """At once, as lanes load and unload their own models."""
    if speech.loaded is None:
        raise TypeError("only Ollama's door is asked for a model alone")
    told = speech.loaded(load, Head("", load.model, exchange.came))
    await exchange.reply(Reply(HTTPStatus.OK, told, {"Content-Type": exchange.door.media} if load.stream else {}))


async def _answered(exchange: Exchange, holding: Holding, said: Said) -> None:
    speech, wanted = said.speech, said.wanted
    head = said.head(exchange, holding.held.job_id)
    if said.terms.later:
        exchange.tell("Preference-Applied", "respond-async")
        await exchange.reply(accepted(holding.held.job_id, said.lane))
    elif wanted.stream and speech.stream is not None:
        await told(exchange, holding, said.caller, Telling(exchange, speech.stream(head, wanted), holding.place))
    elif wanted.background and speech.unfinished is not None:
        await exchange.reply(Reply(HTTPStatus.OK, speech.unfinished(head, wanted)))
    else:
        await _whole(exchange, holding, said, head)


async def _whole(exchange: Exchange, holding: Holding, said: Said, head: Head) -> None:
    end = await ended(exchange, holding, said.caller, said.terms.deadline)
    if end is None:
        return
    speech = said.speech
    if end.result.status != "succeeded" and not speech.tells_failure:
        await exchange.reply(exchange.door.failure(end.result))
    else:
        await exchange.reply(Reply(HTTPStatus.OK, speech.whole(end.result, head, said.wanted)))


def accepted(job_id: str, lane: str) -> Reply:
    """To who comes back for the answer: where to."""
    url = f"{JOBS}/{job_id}"
    body = {"id": job_id, "status": "queued", "lane": lane, "url": url, "result": f"{url}/result"}
    return Reply(HTTPStatus.ACCEPTED, body, {"Location": url})
