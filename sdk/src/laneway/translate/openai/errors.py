"""OpenAI's errors, of refusals and of results without an answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.translate.reply import Reply
from laneway.translate.statuses import STATUSES, words_of_failure

if TYPE_CHECKING:
    from laneway.schema.job.result import Result
    from laneway.translate.refused import Refused

TYPES = {HTTPStatus.NOT_FOUND: "not_found_error", HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error"}
"""As Ollama's own /v1 has them; one that need only come later is no invalid one, and clients that show the type would
blame it. Other requests to be changed are `invalid_request_error`, and the rest `api_error`."""
QUOTA = "insufficient_quota"
"""A code that is a type, too: clients look for it in either."""
CODES = {
    ErrorCode.UNKNOWN_MODEL: "model_not_found",
    ErrorCode.PROMPT_TOO_LONG: "context_length_exceeded",
}
"""Codes that clients know by OpenAI's name."""
NO_RETRY = {"x-should-retry": "false"}
"""The clients' own way of being told: the same request would find the same result."""


def error_body(status: int, message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """The body of an error, with the four fields that clients want."""
    refused = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "api_error"
    kind = code if code == QUOTA else TYPES.get(HTTPStatus(status), refused)
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def refusal(refused: Refused) -> Reply:
    """The answer to a request that no job is made of."""
    status = STATUSES[refused.code]
    return Reply(status, error_body(status, str(refused), code_of(refused.code), refused.param), NO_RETRY)


def failure(result: Result) -> Reply:
    """The answer of a result that has none."""
    code, message = words_of_failure(result)
    return Reply(STATUSES[code], error_body(STATUSES[code], message, code_of(code)), NO_RETRY)


def code_of(code: ErrorCode) -> str:
    """OpenAI's name of a code, or ours."""
    return CODES.get(code, code.value)
