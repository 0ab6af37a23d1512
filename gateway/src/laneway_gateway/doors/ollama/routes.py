"""The paths of Ollama's door."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from laneway.translate.ollama.errors import FORBIDDEN
from laneway_gateway.doors.endpoint import route
from laneway_gateway.doors.holding.answering import answer
from laneway_gateway.doors.ollama.catalogue import changes, ps, root, show, tags, version
from laneway_gateway.doors.ollama.speech import OLLAMA, SPEECHES

if TYPE_CHECKING:
    from starlette.routing import Route

    from laneway_gateway.doors.hall import Hall


def routes(hall: Hall) -> list[Route]:
    """All of them."""
    return [
        *(route(hall, OLLAMA, path, POST=partial(answer, speech=speech)) for path, speech in SPEECHES.items()),
        *(route(hall, OLLAMA, f"/api/{verb}", POST=changes, DELETE=changes) for verb in FORBIDDEN),
        route(hall, OLLAMA, "/", GET=root),
        route(hall, OLLAMA, "/api/version", GET=version),
        route(hall, OLLAMA, "/api/tags", GET=tags),
        route(hall, OLLAMA, "/api/ps", GET=ps),
        route(hall, OLLAMA, "/api/show", POST=show),
    ]
