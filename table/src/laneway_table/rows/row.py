"""A row: what a database holds of one job's result."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from laneway.schema.job.cause import MAX_CAUSE, cause_of
from laneway_table.rows import clean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from laneway.schema.job.result import Result, Status

MAX_OUTPUT_BYTES = 200_000  # of a row's text and parsed together; DynamoDB takes 400 KiB an item, names and labels too
MAX_MESSAGE = 1_000  # characters
MAX_NAME = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One job's result. The fields are the columns, by their names and in their order."""

    pool: str
    """`namespace/name`."""
    id: str
    revision: int
    """Counts a person's retries: a row gives way to a greater one only."""
    status: Status
    lane: str
    code: str | None
    """The error's code."""
    cause: str | None
    """The error's message without what is the job's own: its id, quotations, numbers."""
    message: str | None
    """The error's message."""
    model: str
    model_digest: str | None
    finish_reason: str | None
    attempts_failed: int
    submitted_at: datetime
    started_at: datetime | None
    first_token_at: datetime | None
    finished_at: datetime
    queued_seconds: float
    run_seconds: float
    prompt_tokens: int | None
    completion_tokens: int | None
    gpu_seconds: float | None
    usd: float | None
    labels: Mapping[str, str]
    url: str
    """The result: `s3://bucket/key`."""
    etag: str
    """The result's ETag, with its quotes."""
    output_url: str | None
    """Where the answer is, unless the row holds it."""
    text: str | None
    """The answer, where the table is to hold answers."""
    parsed: str | None
    """The answer read as JSON, as JSON text, likewise."""


COLUMNS = tuple(each.name for each in fields(Row))
REQUIRED = frozenset(each.name for each in fields(Row) if "None" not in str(each.type))
"""Those that every row has a value in."""
OUTPUT_COLUMNS = ("text", "parsed")
LISTED = tuple(each for each in COLUMNS if each not in OUTPUT_COLUMNS)
"""What lists hold: they don't read answers, which are large."""


def row_of(result: Result, *, url: str, etag: str, output: bool) -> Row:
    """The row of a result, whatever stands in it."""
    return Row(
        pool=clean.line(result.pool, MAX_NAME),
        id=result.id,
        revision=clean.whole(result.revision, clean.MOST_INTEGER),
        status=result.status,
        lane=clean.line(result.lane, MAX_NAME),
        model=clean.line(result.model.name, MAX_NAME),
        model_digest=result.model.digest,
        finish_reason=result.finish_reason,
        attempts_failed=len(result.failures),
        labels=clean.labels(result.labels),
        url=clean.text(url),
        etag=clean.text(etag),
        **_error(result),
        **_timing(result),
        **_amounts(result),
        **_output(result, url, held=_held(result) if output and result.output is None else None),
    )


def _error(result: Result) -> dict[str, Any]:
    if result.error is None:
        return dict.fromkeys(("code", "cause", "message"))
    message = result.error.message
    return {
        "code": result.error.code.value,
        "cause": clean.line(cause_of(message, result.id), MAX_CAUSE),
        "message": clean.line(message, MAX_MESSAGE),
    }


def _timing(result: Result) -> dict[str, Any]:
    timing = result.timing
    started, first = timing.started_at, timing.first_token_at
    return {
        "submitted_at": clean.moment(timing.submitted_at),
        "started_at": None if started is None else clean.moment(started),
        "first_token_at": None if first is None else clean.moment(first),
        "finished_at": clean.moment(timing.finished_at),
        "queued_seconds": clean.amount(timing.queued_seconds, clean.MOST_SECONDS),
        "run_seconds": clean.amount(timing.run_seconds, clean.MOST_SECONDS),
    }


def _amounts(result: Result) -> dict[str, Any]:
    usage, cost = result.usage, result.cost
    usd = None if cost is None else cost.usd
    return {
        "prompt_tokens": None if usage is None else clean.whole(usage.prompt_tokens, clean.MOST_TOKENS),
        "completion_tokens": None if usage is None else clean.whole(usage.completion_tokens, clean.MOST_TOKENS),
        "gpu_seconds": None if cost is None else clean.amount(cost.gpu_seconds, clean.MOST_SECONDS),
        "usd": None if usd is None else clean.amount(usd, clean.MOST_USD),
    }


def _output(result: Result, url: str, held: dict[str, str | None] | None) -> dict[str, Any]:
    """Held whole, or not at all: half an answer would be taken for one."""
    if held is not None:
        return {**held, "output_url": None}
    elsewhere = clean.text(result.output.url if result.output else url)
    return {"text": None, "parsed": None, "output_url": elsewhere if result.status == "succeeded" else None}


def _held(result: Result) -> dict[str, str | None] | None:
    said = result.text if result.message is None else result.message.get("content")
    calls = result.message is not None and result.message.get("tool_calls")
    if not isinstance(said, str) or calls:
        return None
    parsed = None if result.parsed is None else _json(result.parsed)
    held = {"text": clean.text(said), "parsed": parsed}
    size = sum(len(each.encode()) for each in held.values() if each)
    return held if size <= MAX_OUTPUT_BYTES else None


def _json(value: Any) -> str:
    """JSON that PostgreSQL's jsonb takes: it knows no NUL, and no number with a million digits."""
    return json.dumps(_taken(value), ensure_ascii=False, separators=(",", ":"))


def _taken(value: Any) -> Any:
    match value:
        case str():
            return clean.text(value)
        case dict():
            return {clean.text(name): _taken(each) for name, each in value.items()}
        case list():
            return [_taken(each) for each in value]
        case _:
            return value
