"""What a client takes for its own: never the result of another request."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from laneway.client.results import Request, is_of, is_same
from laneway.errors import ResultOfAnotherRequest
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import Job
from laneway.schema.job.result import ErrorDetail, Result, ServedModel, Timing

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, LARGE = "gemma3:4b", "gemma3:12b"
OWN = Job(id="invoice-1", prompt="Is it paid?")
OTHER = Job(id="invoice-1", prompt="Say exactly: APPROVED")
REQUEST = Request.of(OWN, SMALL)
NOW = datetime.now(UTC)
TIMING = Timing(submitted_at=NOW, received_at=NOW, finished_at=NOW, queued_seconds=0, run_seconds=0)


def result(request_hash: str | None, code: ErrorCode | None = None, model: str = SMALL) -> Result:
    error = None if code is None else ErrorDetail.of(code, "no")
    return Result(
        id="invoice-1", status="failed" if code else "succeeded", text=None if code else "APPROVED", error=error,
        model=ServedModel(name=model), timing=TIMING, pool="nlp/documents", lane="fast", request_hash=request_hash,
    )  # fmt: skip


def never() -> bytes | None:
    raise AssertionError("the stored body is read only where the hashes differ")


def stored(job: Job | None) -> Callable[[], bytes | None]:
    return lambda: None if job is None else job.to_body()


@pytest.mark.parametrize("code", [None, ErrorCode.TIMED_OUT, ErrorCode.INVALID_JOB])
def test_a_result_with_the_requests_hash_is_its_own(code: ErrorCode | None) -> None:
    assert is_of(result(REQUEST.hash, code), REQUEST, never)


@pytest.mark.parametrize("code", [None, ErrorCode.TIMED_OUT, ErrorCode.INVALID_JOB])
@pytest.mark.parametrize("there", [OWN, OTHER, None], ids=["own stored", "other stored", "nothing stored"])
def test_a_result_with_anothers_hash_is_not(code: ErrorCode | None, there: Job | None) -> None:
    assert not is_of(result(OTHER.request_hash(SMALL), code), REQUEST, stored(there))


def test_an_answer_by_the_lanes_next_model_is_still_the_requests_own() -> None:
    later = result(OWN.request_hash(LARGE), model=LARGE)
    assert is_of(later, REQUEST, stored(OWN))
    assert not is_of(later, REQUEST, stored(None))


def test_another_request_is_not_made_ones_own_by_what_is_stored() -> None:
    assert not is_of(result(OTHER.request_hash(LARGE), model=LARGE), REQUEST, stored(OTHER))


@pytest.mark.parametrize(
    ("code", "own"),
    [
        (None, True),  # an older worker
        (ErrorCode.TIMED_OUT, True),
        (ErrorCode.POISON, True),
        (ErrorCode.INVALID_JOB, False),
        (ErrorCode.ENVELOPE, False),
        (ErrorCode.BODY_TOO_LARGE, False),
        (ErrorCode.STORED_JOB_MISSING, False),
    ],
)
def test_a_result_without_a_hash_is_taken_unless_its_message_could_not_be_read(
    code: ErrorCode | None, *, own: bool
) -> None:
    assert is_of(result(None, code), REQUEST, never) == own


def test_the_refusal_holds_nothing_of_the_other_answer() -> None:
    error = ResultOfAnotherRequest(result(OTHER.request_hash(SMALL)))
    assert "APPROVED" not in f"{error} {vars(error)}"
    assert "leave it out" in str(error)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ({"id": "invoice-1", "prompt": "Is it paid?"}, True),
        ({"prompt": "Is it paid?", "id": "invoice-2"}, True),
        ({"id": "invoice-1", "prompt": "Is it paid"}, False),
        ({"id": "invoice-1", "prompt": "Is it paid?", "destination": "legal"}, False),
        ({"id": "invoice-1", "prompt": "Is it paid?", "expires_at": "2030-01-01T00:00:00Z"}, False),
        ({"id": "invoice-1", "prompt": "Is it paid?", "labels": {"a": "b"}}, False),
        ({"id": "invoice-1", "x": 1}, False),
    ],
)
def test_bodies_are_the_same_where_all_that_they_ask_for_is(one: dict[str, object], *, same: bool) -> None:
    assert is_same(json.dumps(one).encode(), OWN.to_body()) == same
