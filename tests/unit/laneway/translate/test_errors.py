from __future__ import annotations

import pytest

from laneway.schema.job.codes import CODES, ErrorCode
from laneway.translate.ollama import errors as ollama
from laneway.translate.openai import errors as openai
from laneway.translate.statuses import STATUSES, words_of_failure
from support.inputs.offers import JOB, TEXT, failed

TOLD: dict[ErrorCode, tuple[int, str, str]] = {
    ErrorCode.INVALID_JOB: (400, "invalid_request_error", "invalid_job"),
    ErrorCode.ENVELOPE: (400, "invalid_request_error", "envelope"),
    ErrorCode.BODY_TOO_LARGE: (413, "invalid_request_error", "body_too_large"),
    ErrorCode.STORED_JOB_MISSING: (500, "api_error", "stored_job_missing"),
    ErrorCode.UNKNOWN_MODEL: (404, "not_found_error", "model_not_found"),
    ErrorCode.UNKNOWN_DESTINATION: (400, "invalid_request_error", "unknown_destination"),
    ErrorCode.UNSUPPORTED: (400, "invalid_request_error", "unsupported"),
    ErrorCode.PROMPT_TOO_LONG: (400, "invalid_request_error", "context_length_exceeded"),
    ErrorCode.FORMAT_NOT_MET: (422, "invalid_request_error", "format_not_met"),
    ErrorCode.INCOMPLETE_ANSWER: (500, "api_error", "incomplete_answer"),
    ErrorCode.ENGINE_ERROR: (500, "api_error", "engine_error"),
    ErrorCode.ENGINE_CRASHED: (500, "api_error", "engine_crashed"),
    ErrorCode.STALLED: (504, "api_error", "stalled"),
    ErrorCode.TIMED_OUT: (504, "api_error", "timed_out"),
    ErrorCode.DESTINATION_REFUSED: (500, "api_error", "destination_refused"),
    ErrorCode.POISON: (500, "api_error", "poison"),
    ErrorCode.EXPIRED: (504, "api_error", "expired"),
    ErrorCode.CANCELLED: (410, "invalid_request_error", "cancelled"),
}


def test_every_code_has_a_status() -> None:
    assert list(STATUSES) == list(TOLD) == list(ErrorCode)


@pytest.mark.parametrize("code", ErrorCode)
def test_each_code_is_told_at_each_door_with_the_way_out_and_the_job(code: ErrorCode) -> None:
    status, kind, name = TOLD[code]
    words = f"what happened. {CODES[code].fix} Job: {JOB}"
    theirs = openai.failure(failed(code))
    assert (theirs.status, theirs.headers) == (status, {"x-should-retry": "false"})
    assert theirs.body == {"error": {"message": words, "type": kind, "param": None, "code": name}}
    own = ollama.failure(failed(code))
    assert (own.status, own.body) == (status, {"error": words})


def test_who_has_an_answer_has_no_error() -> None:
    with pytest.raises(ValueError, match="has no error to tell"):
        words_of_failure(TEXT)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "invalid_request_error"), (403, "invalid_request_error"), (429, "rate_limit_error"), (503, "api_error")],
)
def test_errors_of_the_gateway_itself_have_the_same_four_fields(status: int, kind: str) -> None:
    error = openai.error_body(status, "later", "rate_limit_exceeded")["error"]
    assert error == {"message": "later", "type": kind, "param": None, "code": "rate_limit_exceeded"}
