"""What every request for an answer goes through: read, made into a job, held, answered whole or as a stream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.translate.pieces import Head
from laneway.translate.reply import Reply
from laneway.translate.translated import Translated
from laneway_gateway.desk import Asked
from laneway_gateway.doors.asking.body import body_of
from laneway_gateway.doors.asking.credentials import caller_of
from laneway_gateway.doors.asking.offers import offers_for
from laneway_gateway.doors.asking.terms import terms_of
from laneway_gateway.doors.asking.tools import without_tools
from laneway_gateway.doors.holding.taking import taken
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
    tells_failure: bool = False
    """Whether `whole` tells of a job that failed, too: it is no HTTP error then."""


@dataclass(frozen=True)
class Said:
    """A request that was read."""

    caller: Caller
    terms: Terms
    speech: Speech
    made: Translated

    def head(self, exchange: Exchange, job_id: str) -> Head:
        """What every piece of its answer says."""
        return Head(job_id, self.made.model, exchange.came)


async def answer(exchange: Exchange, speech: Speech) -> None:
    """Answer a request that becomes a job. Raises what `endpoint.Endpoint` tells."""
    caller, terms = caller_of(exchange), terms_of(exchange.headers)
    body = await body_of(exchange)
    offers = await offers_for(exchange.inside.pool, caller.tenant, terms.lane)
    value, left_out = without_tools(body.value, offers) if caller.tenant.drops_tools else (body.value, ())
    made = speech.read(value, offers)
    if not isinstance(made, Translated):
        await _loaded(exchange, speech, made)
        return
    made = replace(made, ignored=(*made.ignored, *left_out))
    said = Said(caller, terms, speech, made)
    await _held(exchange, said, body.hash)


async def _loaded(exchange: Exchange, speech: Speech, load: Load) -> None:
    """At once, as lanes load and unload their own models."""
    if speech.loaded is None:
        raise TypeError("only Ollama's door is asked for a model alone")
    told = speech.loaded(load, Head("", load.model, exchange.came))
    await exchange.reply(Reply(HTTPStatus.OK, told, {"Content-Type": exchange.door.media} if load.stream else {}))


async def _held(exchange: Exchange, said: Said, body_hash: str) -> None:
    made, terms = said.made, said.terms
    asked = Asked(
        tenant=said.caller.tenant,
        translated=made,
        path=exchange.path,
        body_hash=body_hash,
        retry=terms.retry,
        idempotency_key=terms.idempotency_key,
        kept=terms.kept or terms.later or made.wanted.background,
    )
    exchange.tell("X-Laneway-Lane", made.lane)
    if made.ignored:
        exchange.tell("X-Laneway-Ignored", ", ".join(made.ignored))
    async with taken(exchange, asked) as holding:
        await _answered(exchange, holding, said)


async def _answered(exchange: Exchange, holding: Holding, said: Said) -> None:
    speech, wanted = said.speech, said.made.wanted
    head = said.head(exchange, holding.held.job_id)
    if said.terms.later:
        exchange.tell("Preference-Applied", "respond-async")
        await exchange.reply(accepted(holding.held.job_id, said.made.lane))
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
        await exchange.reply(Reply(HTTPStatus.OK, speech.whole(end.result, head, said.made.wanted)))


def accepted(job_id: str, lane: str) -> Reply:
    """To who comes back for the answer: where to."""
    url = f"{JOBS}/{job_id}"
    body = {"id": job_id, "status": "queued", "lane": lane, "url": url, "result": f"{url}/result"}
    return Reply(HTTPStatus.ACCEPTED, body, {"Location": url})
