"""Ollama's errors: an object whose `error` is a text, as its clients can read nothing else."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.translate.reply import Reply
from laneway.translate.statuses import STATUSES, words_of_failure

if TYPE_CHECKING:
    from laneway.schema.job.result import Result
    from laneway.translate.refused import Refused

_OF_THE_POOL = "{} is not accepted: the pool's own file says which models it serves, and no door changes them"
FORBIDDEN = {verb: _OF_THE_POOL.format(verb) for verb in ("pull", "push", "create", "copy", "delete")}
"""What changes an Ollama's models → why it is refused."""


def error_body(message: str) -> dict[str, str]:
    """The body of an error."""
    return {"error": message}


def refusal(refused: Refused) -> Reply:
    """The answer to a request that no job is made of."""
    return Reply(STATUSES[refused.code], error_body(str(refused)))


def failure(result: Result) -> Reply:
    """The answer of a result that has none."""
    code, message = words_of_failure(result)
    return Reply(STATUSES[code], error_body(message))


def forbidden(verb: str) -> Reply:
    """The answer to what would change the models, by the last word of its path."""
    return Reply(HTTPStatus.FORBIDDEN, error_body(FORBIDDEN[verb]))
