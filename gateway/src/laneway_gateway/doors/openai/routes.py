"""The paths of OpenAI's door."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from laneway_gateway.doors.endpoint import route
from laneway_gateway.doors.holding.answering import answer
from laneway_gateway.doors.openai.catalogue import model, models
from laneway_gateway.doors.openai.responses import cancel, delete, retrieve
from laneway_gateway.doors.openai.speech import OPENAI, SPEECHES

if TYPE_CHECKING:
    from starlette.routing import Route

    from laneway_gateway.doors.hall import Hall


def routes(hall: Hall) -> list[Route]:
    """All of them."""
    return [
        *(route(hall, OPENAI, path, POST=partial(answer, speech=speech)) for path, speech in SPEECHES.items()),
        route(hall, OPENAI, "/v1/responses/{name}", GET=retrieve, DELETE=delete),
        route(hall, OPENAI, "/v1/responses/{name}/cancel", POST=cancel),
        route(hall, OPENAI, "/v1/models", GET=models),
        route(hall, OPENAI, "/v1/models/{name:path}", GET=model),
    ]
