"""What one door's answers are like, and what is denied before there is a job."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.translate.refused import Refused
from laneway.translate.reply import Reply
from laneway_gateway.errors import (
    IdempotencyKeyReused,
    PoolUnreachable,
    QuotaExceeded,
    TooManyHeld,
    TooMuchHeld,
    UnknownJob,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from laneway.schema.job.result import Result

FULL_SECONDS = 5  # after which a place may be free; OpenAI's clients obey up to 120
ROOM_SECONDS = 1  # after which most bodies of now are on their way to the queue
UNREACHABLE_SECONDS = 5
USED_UP, IN_FLIGHT = "insufficient_quota", "rate_limit_exceeded"
"""OpenAI's codes, by which its clients know what need not be tried again, and what may."""
NO_RETRY = {"x-should-retry": "false"}
_STATUSES: tuple[tuple[type[Exception], HTTPStatus, dict[str, str]], ...] = (
    (TooManyHeld, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(FULL_SECONDS)}),
    (TooMuchHeld, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(ROOM_SECONDS)}),
    (PoolUnreachable, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(UNREACHABLE_SECONDS)}),
    (UnknownJob, HTTPStatus.NOT_FOUND, NO_RETRY),
    (IdempotencyKeyReused, HTTPStatus.UNPROCESSABLE_ENTITY, NO_RETRY),
)
DEFECT = "the gateway has a defect, which its log names; try again"


@dataclass(frozen=True)
class Door:
    """One door's language, beside the jobs and answers that `laneway.translate` makes."""

    name: str
    """Of its figures."""
    media: str
    """The content type of its streams."""
    error: Callable[[int, str, str | None], dict[str, Any]]
    """The body of an error, of its status, words and code."""
    refusal: Callable[[Refused], Reply]
    failure: Callable[[Result], Reply]
    """The answer of a result that has none."""


class Denied(Exception):
    """What a door does not take, before any job is made of it. `str()` is for the client."""

    def __init__(
        self, status: HTTPStatus, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """`headers` go out with the answer."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


class HungUp(Exception):
    """The client has gone before there was an answer: nobody is left to be told anything."""


def reply_of(door: Door, error: Exception) -> Reply:
    """What a door answers to what went wrong."""
    if isinstance(error, Refused):
        return door.refusal(error)
    if isinstance(error, Denied):
        return Reply(error.status, door.error(error.status, str(error), error.code), error.headers)
    if isinstance(error, QuotaExceeded):
        return _over_quota(door, error)
    for kind, status, headers in _STATUSES:
        if isinstance(error, kind):
            return Reply(status, door.error(status, str(error), None), headers)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return Reply(status, door.error(status, DEFECT, None))


def _over_quota(door: Door, error: QuotaExceeded) -> Reply:
    """Who has used up a day need not come back before it is over, and clients would at once. A job may end at any
    time: they come back by themselves.
    """
    status = HTTPStatus.TOO_MANY_REQUESTS
    if error.seconds is None:
        return Reply(status, door.error(status, str(error), IN_FLIGHT), {"Retry-After": str(FULL_SECONDS)})
    headers = {"Retry-After": str(error.seconds), **NO_RETRY}
    return Reply(status, door.error(status, str(error), USED_UP), headers)
