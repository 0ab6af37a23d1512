"""Rows for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from laneway_table.rows.row import Row

POOL = "nlp/documents"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def row(job_id: str = "invoice-1", minutes: float = 0, **fields: Any) -> Row:
    """One that succeeded, ended so many minutes after `AT`, if nothing else is said."""
    ended = AT + timedelta(minutes=minutes)
    told: dict[str, Any] = {
        "pool": POOL,
        "id": job_id,
        "revision": 0,
        "status": "succeeded",
        "lane": "fast",
        "code": None,
        "cause": None,
        "message": None,
        "model": "gemma3:4b",
        "model_digest": "sha256:" + "a" * 64,
        "finish_reason": "stop",
        "attempts_failed": 0,
        "submitted_at": ended - timedelta(seconds=10),
        "started_at": ended - timedelta(seconds=3),
        "first_token_at": ended - timedelta(seconds=2.5),
        "finished_at": ended,
        "queued_seconds": 7.0,
        "run_seconds": 3.0,
        "prompt_tokens": 12,
        "completion_tokens": 5,
        "gpu_seconds": 1.5,
        "usd": 0.25,
        "labels": {},
        "url": f"s3://acme-llm/documents/results/{job_id}.json",
        "etag": '"1"',
        "output_url": f"s3://acme-llm/documents/results/{job_id}.json",
        "text": None,
        "parsed": None,
    }
    return Row(**told | fields)


def failed_row(
    job_id: str, minutes: float = 0, code: str = "stalled", cause: str = "no token for N s", **fields: Any
) -> Row:
    """One that failed."""
    told = {"status": "failed", "code": code, "cause": cause, "message": cause.replace("N", "60"), "output_url": None}
    return row(job_id, minutes, **told | fields)
