"""What a client takes for its own: never the result of another request, nor what is no object of the pool."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from laneway.client.connection import Connection
from laneway.client.failed_entries import FailedEntries, Unreadable
from laneway.client.remote import Remote
from laneway.client.results import Request, is_of, is_same, read_result
from laneway.errors import PoolUnavailable, ResultOfAnotherRequest
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.job import Job
from laneway.schema.job.keys import Place
from laneway.schema.job.result import MAX_RESULT_BYTES, ErrorDetail, Result, ServedModel, Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


PLACE = Place(bucket="acme-llm", prefix="documents/")


class Zeros(BytesIO):
    """An object of as many bytes as are asked for."""

    asked = 0

    def read(self, most: int | None = -1, /) -> bytes:
        assert most is not None
        assert most >= 0, "all of it would be read"
        self.asked += most
        return bytes(most)


@contextmanager
def holding(body: BytesIO, length: int) -> Iterator[Remote]:
    """A bucket with one object."""
    remote = Remote(Connection(place=PLACE, region="eu-west-1", access_key_id="a", secret_access_key="b"))  # noqa: S106 - nobody's
    with Stubber(remote._s3) as s3:
        s3.add_response("get_object", {"Body": StreamingBody(body, length), "ETag": "e", "Metadata": {}})
        yield remote


def test_an_object_without_end_is_not_read_to_its_end() -> None:
    zeros = Zeros()
    with holding(zeros, 2**40) as remote, pytest.raises(PoolUnavailable, match="it is none of the pool's"):
        remote.get("documents/jobs/invoice-1.json")
    assert zeros.asked == MAX_RESULT_BYTES + 1


def test_a_result_that_names_another_job_is_none() -> None:
    with pytest.raises(PoolUnavailable, match="where the result of invoice-2 belongs lies that of invoice-1"):
        read_result("invoice-2", result(REQUEST.hash).to_json())


def test_an_entry_that_names_another_job_is_not_acted_on() -> None:
    """Who selects by what it says, and drops, would drop the other one."""
    entry = FailedJob(
        id="invoice-1", lane="fast", error=ErrorDetail.of(ErrorCode.STALLED, "m"), submitted_at=NOW, failed_at=NOW,
        result_etag="e", body="{}",
    )  # fmt: skip
    body = entry.to_json()
    with holding(BytesIO(body), len(body)) as remote, pytest.raises(Unreadable, match="it is of invoice-1"):
        FailedEntries(remote, PLACE).get("invoice-2")
