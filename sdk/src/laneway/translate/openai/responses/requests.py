"""Requests of responses, made into jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.translate.given import header_names, ignored_of, object_of, read
from laneway.translate.offers import offer_for
from laneway.translate.openai.options import options_of, tools_of
from laneway.translate.openai.parts import THINK
from laneway.translate.openai.responses.answers import ECHOED
from laneway.translate.openai.responses.fields import ResponseRequest
from laneway.translate.openai.responses.messages import messages_of
from laneway.translate.refused import Refused
from laneway.translate.translated import Translated, Wanted, job_of

if TYPE_CHECKING:
    from laneway.translate.given import Places
    from laneway.translate.offers import Offers
    from laneway.translate.openai.responses.fields import TextOptions

PLACES: Places = {
    ("options", "temperature"): ("temperature",),
    ("options", "top_p"): ("top_p",),
    ("options", "num_predict"): ("max_output_tokens",),
    ("format",): ("text", "format", "schema"),
    ("think",): ("reasoning", "effort"),
    ("messages",): ("input",),
}
"""Where a job's fields stand in a request."""


def response(body: object, offers: Offers) -> Translated:
    """Of `POST /v1/responses`. Raises `Refused`."""
    asked = read(ResponseRequest, body)
    offer = offer_for(asked.model, offers)
    tools, unheld = tools_of(asked.tools, asked.tool_choice)
    fields = {
        "messages": messages_of(asked.input, asked.instructions),
        "tools": tools or None,
        "format": _format(asked.text),
        "think": THINK[asked.reasoning.effort if asked.reasoning else None],
        "options": options_of(asked, asked.max_output_tokens, offer),
    }
    job = job_of(fields, offer, asked.model, PLACES)
    given = {name: each for name, each in object_of(body).items() if name in ECHOED and each is not None}
    wanted = Wanted(asked.stream, background=asked.background, service_tier=asked.service_tier, echo=given)
    return Translated(offer.lane.name, asked.model, job, wanted, header_names((*ignored_of(asked), *unheld)))


def _format(text: TextOptions | None) -> str | dict[str, Any] | None:
    wanted = text.format if text else None
    match wanted.type if wanted else "text":
        case "json_object":
            return "json"
        case "json_schema" if wanted:
            if wanted.wanted is None:
                raise Refused(ErrorCode.INVALID_JOB, "text.format.schema: is missing", "text.format.schema")
            return wanted.wanted
        case _:
            return None
