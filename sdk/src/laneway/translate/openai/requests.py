"""Requests of chat completions, completions and embeddings, made into jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.translate.given import header_names, ignored_of, read
from laneway.translate.offers import offer_for
from laneway.translate.openai.fields import ChatRequest, CompletionRequest, EmbeddingRequest
from laneway.translate.openai.messages import messages_of
from laneway.translate.openai.options import options_of, tools_of
from laneway.translate.openai.parts import THINK
from laneway.translate.refused import Refused
from laneway.translate.translated import Translated, Wanted, job_of

if TYPE_CHECKING:
    from laneway.translate.given import Places
    from laneway.translate.offers import Offers
    from laneway.translate.openai.fields import ResponseFormat
    from laneway.translate.openai.parts import Limited

_OPTIONS = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "seed", "stop")
PLACES: Places = {
    **{("options", name): (name,) for name in _OPTIONS},
    ("options", "num_predict"): ("max_tokens",),
    ("format",): ("response_format", "json_schema", "schema"),
    ("think",): ("reasoning_effort",),
}
"""Where a job's fields stand in a request."""


def chat(body: object, offers: Offers) -> Translated:
    """Of `POST /v1/chat/completions`. Raises `Refused`."""
    asked = read(ChatRequest, body)
    offer = offer_for(asked.model, offers)
    tools, unheld = tools_of([each.function for each in asked.tools], asked.tool_choice)
    effort = asked.reasoning_effort or (asked.reasoning.effort if asked.reasoning else None)
    most = asked.max_completion_tokens if asked.max_completion_tokens is not None else asked.max_tokens
    fields = {
        "messages": messages_of(asked.messages),
        "tools": tools or None,
        "format": _format(asked.response_format),
        "think": THINK[effort],
        "options": options_of(asked, most, offer),
    }
    job = job_of(fields, offer, asked.model, PLACES)
    ignored = header_names((*ignored_of(asked), *unheld))
    return Translated(offer.lane.name, asked.model, job, _wanted(asked), ignored)


def completion(body: object, offers: Offers) -> Translated:
    """Of `POST /v1/completions`. Raises `Refused`."""
    asked = read(CompletionRequest, body)
    offer = offer_for(asked.model, offers)
    if len(asked.prompt) > 1:
        words = "prompt: a job has one prompt, so send a request for each (LangChain: OpenAI(batch_size=1))"
        raise Refused(ErrorCode.INVALID_JOB, words, "prompt")
    fields = {"prompt": asked.prompt[0], "options": options_of(asked, asked.max_tokens, offer)}
    job = job_of(fields, offer, asked.model, PLACES)
    return Translated(offer.lane.name, asked.model, job, _wanted(asked), ignored_of(asked))


def embeddings(body: object, offers: Offers) -> Translated:
    """Of `POST /v1/embeddings`. Raises `Refused`."""
    asked = read(EmbeddingRequest, body)
    offer = offer_for(asked.model, offers)
    job = job_of({"input": asked.input, "dimensions": asked.dimensions}, offer, asked.model, PLACES)
    wanted = Wanted(base64=asked.encoding_format == "base64")
    return Translated(offer.lane.name, asked.model, job, wanted, ignored_of(asked))


def _wanted(asked: Limited) -> Wanted:
    usage = asked.stream_options is not None and asked.stream_options.include_usage
    return Wanted(stream=asked.stream, include_usage=usage, service_tier=asked.service_tier)


def _format(wanted: ResponseFormat | None) -> str | dict[str, Any] | None:
    match wanted.type if wanted else "text":
        case "json_object":
            return "json"
        case "json_schema" if wanted:
            return schema_of(wanted.json_schema, "response_format.json_schema")
        case _:
            return None


def schema_of(named: Any, place: str) -> dict[str, Any]:
    """The schema itself; raises `Refused` where it is not there."""
    if named is None:
        raise Refused(ErrorCode.INVALID_JOB, f"{place}: is missing", place)
    schema: dict[str, Any] = named.wanted
    return schema
