"""Lanes and requests for tests of the runtime."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from laneway.schema.job.job import Job
from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.lane_config import LaneConfig, LaneLimits, LaneModel
from laneway.schema.pool.queues.queue import QueueURLs
from laneway_worker.request.request import ollama_request

if TYPE_CHECKING:
    from laneway_worker.request.request import Request

CONTEXT_LENGTH = 512  # one for all: another one would load the model again
ENDLESS_TOKENS = 100_000


def limits(token_gap_seconds: int = 60, timeout_seconds: int = 120) -> LaneLimits:
    """Limits that a loaded machine keeps."""
    return LaneLimits(
        timeout_seconds=timeout_seconds,
        token_gap_seconds=token_gap_seconds,
        expires_after_seconds=3600,
        max_attempts=2,
        max_tokens=ENDLESS_TOKENS,
    )


def request(model: str, **job: Any) -> Request:
    """What the worker asks Ollama for a job."""
    config = LaneConfig(
        pool="tests/ports",
        lane="fast",
        model=LaneModel(name=model, context_length=CONTEXT_LENGTH),
        parallel=1,
        limits=limits(),
        queue=QueueURLs(url="http://127.0.0.1/queue", dead_letter_url="http://127.0.0.1/dead"),
        results=Place(bucket="results", prefix="ports/"),
        region="eu-central-1",
        ollama_url="http://127.0.0.1:11434",
        health_address="127.0.0.1:8080",
        drain_seconds=10,
        visibility_seconds=60,
        poll_seconds=20,
    )
    read = Job.model_validate_json(json.dumps(job))
    return ollama_request(read, config, read.format)
