"""Why an answer was thrown away, as the metric of wasted accelerator seconds names it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway_worker.errors import EngineCrashed, EngineFailed, Interrupted, JobError, Unavailable

if TYPE_CHECKING:
    from laneway_worker.ports.stop import Stop


def reason_of(error: JobError | Interrupted | Unavailable, stop: Stop) -> str:
    """A job's error code, why it was stopped, or that the engine was not there."""
    match error:
        case JobError():
            return error.code.value
        case EngineFailed():
            return error.blame.code.value
        case EngineCrashed():
            return ErrorCode.ENGINE_CRASHED.value
        case Interrupted() if stop.reason is not None:
            return stop.reason.value
        case _:
            return "unavailable"
