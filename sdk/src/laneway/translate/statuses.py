"""The HTTP status of each error code, the same at every door."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode

if TYPE_CHECKING:
    from laneway.schema.job.result import Result

STATUSES: dict[ErrorCode, HTTPStatus] = {
    ErrorCode.INVALID_JOB: HTTPStatus.BAD_REQUEST,
    ErrorCode.ENVELOPE: HTTPStatus.BAD_REQUEST,
    ErrorCode.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.STORED_JOB_MISSING: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.UNKNOWN_MODEL: HTTPStatus.NOT_FOUND,
    ErrorCode.UNKNOWN_DESTINATION: HTTPStatus.BAD_REQUEST,
    ErrorCode.UNSUPPORTED: HTTPStatus.BAD_REQUEST,
    ErrorCode.PROMPT_TOO_LONG: HTTPStatus.BAD_REQUEST,
    ErrorCode.FORMAT_NOT_MET: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INCOMPLETE_ANSWER: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.ENGINE_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.ENGINE_CRASHED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.STALLED: HTTPStatus.GATEWAY_TIMEOUT,
    ErrorCode.TIMED_OUT: HTTPStatus.GATEWAY_TIMEOUT,
    ErrorCode.DESTINATION_REFUSED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.POISON: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.EXPIRED: HTTPStatus.GATEWAY_TIMEOUT,
    ErrorCode.CANCELLED: HTTPStatus.GONE,
}


def of_job(message: str, job_id: str) -> str:
    """An error of ours as a sentence, and the job that it is about."""
    return f"{message.rstrip('.')}. Job: {job_id}"


def words_of_failure(result: Result) -> tuple[ErrorCode, str]:
    """The code of a result without an answer, and what to tell: cause, way out and the job's id."""
    if result.error is None:
        raise ValueError("a result that succeeded has no error to tell")
    return result.error.code, f"{result.error.message.rstrip('.')}. {result.error.fix} Job: {result.id}"
