from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from laneway.schema.job.codes import CODES, CodeInfo, ErrorCode
from laneway.schema.job.result import (
    Cost,
    ErrorDetail,
    FinishReason,
    Location,
    Notification,
    Result,
    ServedModel,
    Status,
    Timing,
    Usage,
)
from support.inputs.jobs import IDS, JSON_OBJECTS, JSON_VALUES, LABELS, PROPERTY, TEXT, TIMES

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ERROR = ErrorDetail.of(ErrorCode.EXPIRED, "too late")
OUTPUT = Location(destination="legal", url="s3://acme-legal/llm/a.cafe.json")
SECONDS = st.floats(0, 1e9)
COUNTS = st.integers(0, 10**9)
TIMINGS = st.builds(
    Timing,
    submitted_at=TIMES,
    received_at=TIMES,
    started_at=st.none() | TIMES,
    first_token_at=st.none() | TIMES,
    finished_at=TIMES,
    queued_seconds=SECONDS,
    run_seconds=SECONDS,
)
RESULTS = st.builds(
    Result,
    id=IDS,
    status=st.just("succeeded"),
    text=st.none() | TEXT,
    thinking=st.none() | TEXT,
    message=st.none() | JSON_OBJECTS,
    parsed=JSON_VALUES,
    embeddings=st.none() | st.lists(st.lists(st.floats(-10, 10), max_size=3), max_size=2),
    finish_reason=st.sampled_from([None, *get_args(FinishReason)]),
    model=st.builds(ServedModel, name=TEXT, digest=st.none() | st.just("sha256:" + "0" * 64)),
    usage=st.none() | st.builds(Usage, prompt_tokens=COUNTS, completion_tokens=COUNTS),
    timing=TIMINGS,
    cost=st.none() | st.builds(Cost, gpu_seconds=SECONDS, usd=st.none() | SECONDS),
    output=st.none() | st.just(OUTPUT),
    pool=TEXT,
    lane=TEXT,
    labels=LABELS,
    request_hash=st.none() | TEXT,
)


def result(**changes: Any) -> Result:
    timing = Timing(submitted_at=AT, received_at=AT, finished_at=AT, queued_seconds=0, run_seconds=0)
    fields: dict[str, Any] = {"id": "a", "status": "succeeded", "model": ServedModel(name="m"), "timing": timing}
    return Result(**(fields | {"pool": "default/documents", "lane": "fast"} | changes))


@PROPERTY
@given(RESULTS)
def test_a_result_survives_being_stored(stored: Result) -> None:
    assert Result.model_validate_json(stored.to_json()) == stored


@pytest.mark.parametrize("status", [each for each in get_args(Status) if each != "succeeded"])
def test_a_result_without_success_carries_an_error(status: str) -> None:
    assert result(status=status, error=ERROR).error == ERROR
    with pytest.raises(ValidationError, match="error is present exactly where"):
        result(status=status)


def test_a_success_carries_no_error() -> None:
    with pytest.raises(ValidationError, match="error is present exactly where"):
        result(error=ERROR)


def test_a_stored_result_has_no_empty_fields() -> None:
    assert b"null" not in result().to_json()


def test_empty_values_of_an_answer_are_kept() -> None:
    assert b'"parsed":{"a":null}' in result(parsed={"a": None}).to_json()


def test_the_commit_record_holds_everything_but_the_output() -> None:
    full = result(
        text="t",
        thinking="h",
        message={"content": "m"},
        parsed={"a": 1},
        embeddings=[[1.0]],
        finish_reason="stop",
        usage=Usage(prompt_tokens=1, completion_tokens=2),
        labels={"team": "claims"},
    )
    record = full.without_output(OUTPUT)
    assert (record.text, record.thinking, record.message, record.parsed, record.embeddings) == (None,) * 5
    assert record.output == OUTPUT
    assert (record.finish_reason, record.usage, record.labels) == (full.finish_reason, full.usage, full.labels)


def test_taking_the_output_away_leaves_the_full_result_alone() -> None:
    full = result(text="t")
    full.without_output(OUTPUT)
    assert (full.text, full.output) == ("t", None)


def test_every_code_is_listed() -> None:
    assert set(CODES) == set(ErrorCode)


@pytest.mark.parametrize(("code", "info"), CODES.items())
def test_every_code_says_what_it_means_and_what_to_change(code: ErrorCode, info: CodeInfo) -> None:
    assert info.meaning.endswith(".")
    assert info.fix.endswith(".")
    assert ErrorDetail.of(code, "what happened") == ErrorDetail(code=code, message="what happened", fix=info.fix)


def test_a_notification_has_no_place_for_text() -> None:
    fields = {"id", "status", "code", "url", "etag", "pool", "lane", "labels"}
    assert set(Notification.model_fields) == fields
