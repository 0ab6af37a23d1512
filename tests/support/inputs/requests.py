"""Lanes and requests for tests of the runtime."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from laneway.schema.job.job import Job
from laneway.schema.pool.documents.lane_config import LaneModel
from laneway.schema.pool.documents.live_config import LaneLimits, LiveConfig
from laneway_worker.live import Live
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


def live(token_gap_seconds: int = 60) -> Live:
    """What the adapter asks by, where it asks for itself."""
    return Live(LiveConfig(limits=limits(token_gap_seconds)))


def request(model: str, **job: Any) -> Request:
    """What the worker asks Ollama for a job."""
    return request_within(limits(), model, **job)


def request_within(limits: LaneLimits, model: str, **job: Any) -> Request:
    """The same in a lane of other limits."""
    read = Job.model_validate_json(json.dumps(job))
    known = LaneModel(name=model, context_length=CONTEXT_LENGTH)
    return ollama_request(read, known, limits, read.format)
