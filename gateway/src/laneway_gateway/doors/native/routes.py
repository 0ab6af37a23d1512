"""The paths of the pool's own door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_gateway.doors.endpoint import route
from laneway_gateway.doors.holding.answering import JOBS
from laneway_gateway.doors.native.jobs import cancel, result, status, stream, submit
from laneway_gateway.doors.native.speech import NATIVE

if TYPE_CHECKING:
    from starlette.routing import Route

    from laneway_gateway.doors.hall import Hall

JOB = f"{JOBS}/{{job_id}}"


def routes(hall: Hall) -> list[Route]:
    """All of them."""
    return [
        route(hall, NATIVE, JOBS, POST=submit),
        route(hall, NATIVE, JOB, GET=status),
        route(hall, NATIVE, f"{JOB}/result", GET=result),
        route(hall, NATIVE, f"{JOB}/cancel", POST=cancel),
        route(hall, NATIVE, f"{JOB}/stream", GET=stream),
    ]
