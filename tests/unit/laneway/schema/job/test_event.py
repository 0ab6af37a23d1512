from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.event import MAX_EVENT_BYTES, ResultEvent
from laneway.schema.job.history import MAX_FAILURES, Failure
from laneway.schema.job.result import ErrorDetail, Location, Result, ServedModel, Timing

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "s3://acme-llm/documents/results/a.json"
OUTPUT: dict[str, Any] = {"text": "Paris.", "thinking": "Hm.", "message": {"content": "Paris."}, "parsed": {"city": 1}}


def result(**changes: Any) -> Result:
    timing = Timing(submitted_at=AT, received_at=AT, finished_at=AT, queued_seconds=0, run_seconds=0)
    fields: dict[str, Any] = {"id": "a", "status": "succeeded", "model": ServedModel(name="m"), "timing": timing}
    return Result(**(fields | {"pool": "default/documents", "lane": "fast"} | changes))


def read(event: ResultEvent) -> ResultEvent:
    return ResultEvent.model_validate_json(event.to_message())


@pytest.mark.parametrize("field", [*OUTPUT, "embeddings"])
def test_no_output_is_told(field: str) -> None:
    full = result(embeddings=[[1.0]], **OUTPUT)
    event = ResultEvent.of(full, '"e"', URL)
    assert getattr(event.result, field) is None
    assert field not in json.loads(event.to_message())["result"]


def test_a_result_without_its_output_is_told_whole() -> None:
    full = result(labels={"team": "claims"}, revision=3, output=Location(destination="legal", url="s3://b/k"))
    assert read(ResultEvent.of(full, '"e"', URL)) == ResultEvent(etag='"e"', url=URL, result=full)


def test_the_output_is_told_where_a_pool_wants_it() -> None:
    full = result(**OUTPUT)
    assert read(ResultEvent.of(full, '"e"', URL, output=True)).result == full


def test_embeddings_are_never_told() -> None:
    assert ResultEvent.of(result(embeddings=[[1.0]]), '"e"', URL, output=True).result.embeddings is None


@pytest.mark.parametrize("character", ["a", "é", "\ufffe", "\u0001"])
def test_what_has_too_much_output_goes_without(character: str) -> None:
    room = MAX_EVENT_BYTES - len(ResultEvent.of(result(text=""), '"e"', URL, output=True).to_message())
    each = len(json.dumps(character, ensure_ascii=character in "\ufffe\u0001").encode()) - 2
    fits, too_much = (character * (count // each) for count in (room, room + each))
    assert read(ResultEvent.of(result(text=fits), '"e"', URL, output=True)).result.text == fits
    assert read(ResultEvent.of(result(text=too_much), '"e"', URL, output=True)).result.text is None


def test_the_largest_result_without_output_fits() -> None:
    widest = "\u0001"  # six bytes in JSON
    labels = {f"{each:02}{widest * 61}": widest * 256 for each in range(16)}
    failure = Failure(attempt=1, code=ErrorCode.FORMAT_NOT_MET, message=widest * 300, worker=widest * 128, at=AT)
    error = ErrorDetail.of(ErrorCode.FORMAT_NOT_MET, widest * 1000)
    largest = result(id="a" * 128, status="failed", labels=labels, failures=(failure,) * MAX_FAILURES, error=error)
    assert len(ResultEvent.of(largest, "e" * 128, "u" * 2048).to_message().encode()) < MAX_EVENT_BYTES


def test_the_message_holds_what_sqs_takes() -> None:
    text = ResultEvent.of(result(labels={"team": "\ufffe"}), '"e"', URL).to_message()
    assert "\ufffe" not in text
    assert ResultEvent.model_validate_json(text).result.labels == {"team": "\ufffe"}
