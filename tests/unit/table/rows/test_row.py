from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import Cost, ErrorDetail, Location, Result, Usage
from laneway_table.rows import clean
from laneway_table.rows.row import COLUMNS, LISTED, MAX_OUTPUT_BYTES, Row, row_of
from support.inputs.offers import result

URL, ETAG = "s3://acme-llm/documents/results/a.json", '"1"'


def row(given: Result, *, output: bool = True) -> Row:
    return row_of(given, url=URL, etag=ETAG, output=output)


def failure(message: str) -> Result:
    return result(status="failed", error=ErrorDetail(code=ErrorCode.STALLED, message=message, fix="Try again."))


def test_a_row_has_what_the_result_says() -> None:
    found = row(result(cost=Cost(gpu_seconds=1.5, usd=0.25), labels={"team": "claims"}, revision=3))
    assert (found.status, found.lane, found.revision, found.labels) == ("succeeded", "fast", 3, {"team": "claims"})
    assert (found.gpu_seconds, found.usd, found.prompt_tokens, found.completion_tokens) == (1.5, 0.25, 12, 5)
    assert (found.queued_seconds, found.run_seconds, found.code, found.url, found.etag) == (1, 2, None, URL, ETAG)


def test_lists_have_every_column_but_answers() -> None:
    assert set(COLUMNS) - set(LISTED) == {"text", "parsed"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\0b", "a\ufffdb"),
        ("half \ud83d", "half \ufffd"),
        ("\uffff", "\uffff"),
        ("line\r\n", "line\r\n"),
        ("😀", "😀"),
    ],
)
def test_an_answer_is_text_that_every_database_takes(said: str, kept: str) -> None:
    given = result().model_copy(update={"text": said, "parsed": {said: [said]}})
    found = row(given)
    assert (found.text, json.loads(str(found.parsed))) == (kept, {kept: [kept]})
    assert str(found.text).encode()


@pytest.mark.parametrize("bad", ["\0", "\x1b", "\n", "\x7f", "\x9b", "\u200f", "\u202e", "\u2066", "\u2028", "\ud800"])
def test_labels_and_messages_have_nothing_that_a_terminal_obeys(bad: str) -> None:
    found = row(result().model_copy(update={"labels": {f"a{bad}": f"b{bad}c"}, "lane": f"fast{bad}"}))
    assert (found.labels, found.lane) == ({"a\ufffd": "b\ufffdc"}, "fast\ufffd")
    assert row(failure(f"it{bad}failed")).message == "it\ufffdfailed"


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("revision", {"revision": 10**30}, clean.MOST_INTEGER),
        ("prompt_tokens", {"usage": Usage(prompt_tokens=10**30, completion_tokens=1)}, clean.MOST_TOKENS),
        ("usd", {"cost": Cost(gpu_seconds=1, usd=1e300)}, clean.MOST_USD),
        ("gpu_seconds", {"cost": Cost(gpu_seconds=1e300)}, clean.MOST_SECONDS),
    ],
)
def test_numbers_are_those_that_columns_hold(field: str, given: dict[str, Any], kept: float) -> None:
    assert getattr(row(result(**given)), field) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), clean.EARLIEST),
        (datetime(1, 1, 1, tzinfo=UTC), clean.EARLIEST),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=12))), clean.LATEST),
        (datetime(2026, 11, 22, 14, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ],
)
def test_a_forged_time_is_one_that_databases_hold(given: datetime, kept: datetime) -> None:
    one = result()
    found = row(one.model_copy(update={"timing": one.timing.model_copy(update={"submitted_at": given})}))
    assert found.submitted_at == kept
    assert found.submitted_at.tzinfo is UTC


def test_failures_of_one_kind_have_one_cause() -> None:
    causes = {row(failure(f"no token for {seconds} s after {1000 + seconds}.5 tokens")).cause for seconds in (60, 61)}
    assert causes == {"no token for … s after … tokens"}
    long = row(failure("x" * 5000))
    assert (len(str(long.message)), len(str(long.cause))) == (1000, 160)


@pytest.mark.parametrize(
    ("given", "text", "parsed"),
    [
        ({"text": "An answer."}, "An answer.", None),
        ({"text": '{"a": 1}', "parsed": {"a": 1}}, '{"a": 1}', '{"a":1}'),
        ({"message": {"role": "assistant", "content": "An answer."}}, "An answer.", None),
    ],
)
def test_an_answer_is_held_where_the_table_holds_answers(given: dict[str, Any], text: str, parsed: str | None) -> None:
    held, not_held = row(result(**given)), row(result(**given), output=False)
    assert (held.text, held.parsed, held.output_url) == (text, parsed, None)
    assert (not_held.text, not_held.parsed, not_held.output_url) == (None, None, URL)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"text": "x" * (MAX_OUTPUT_BYTES + 1)}, URL),
        ({"text": "ж" * (MAX_OUTPUT_BYTES // 2), "parsed": "x"}, URL),
        ({"message": {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f"}}]}}, URL),
        ({"embeddings": [[1.0]]}, URL),
        ({"output": Location(destination="legal", url="s3://acme-legal/llm/a.json")}, "s3://acme-legal/llm/a.json"),
    ],
)
def test_an_answer_that_is_not_held_whole_is_said_where(given: dict[str, Any], where: str) -> None:
    found = row(result(**given))
    assert (found.text, found.parsed, found.output_url) == (None, None, where)


def test_the_longest_answer_is_held() -> None:
    assert row(result(text="x" * MAX_OUTPUT_BYTES)).text == "x" * MAX_OUTPUT_BYTES


def test_a_job_without_an_answer_has_none_anywhere() -> None:
    found = row(failure("no token"))
    assert (found.text, found.output_url, found.code, found.message) == (None, None, "stalled", "no token")
