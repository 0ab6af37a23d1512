"""What to do about trouble: a decision as a value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.job.codes import CODES, ErrorCode
from laneway_worker.errors import JobError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway.schema.job.history import Failure

MAX_DELAY_SECONDS = 900  # SQS: the longest DelaySeconds
FIRST_DELAY_SECONDS = 4  # the most before the second attempt; it doubles with each


@dataclass(frozen=True)
class Retry:
    """The job failed for a reason of its own and has attempts left: send it again after a delay."""

    after_seconds: int


@dataclass(frozen=True)
class GiveUp:
    """The job failed for good."""

    code: ErrorCode


@dataclass(frozen=True)
class Wait:
    """The world is in trouble: keep the lease and try again in place."""


@dataclass(frozen=True)
class Release:
    """The trouble is ours: give the message back at once, without an attempt."""


Decision = Retry | GiveUp | Wait | Release


def decide(error: Exception, failed_before: int, max_attempts: int, jitter: float) -> Decision:
    """Decide about an error; `failed_before` attempts count, `jitter` in [0, 1) spreads the delays (full jitter)."""
    match error:
        case JobError(code=code) if error.final or not CODES[code].retried or failed_before + 1 >= max_attempts:
            return GiveUp(code)
        case JobError():
            return Retry(delay_seconds(failed_before + 1, jitter))
        case Unavailable():
            return Wait()
        case _:
            return Release()


def same_again(error: JobError, before: Iterable[Failure]) -> JobError:
    """Final where an answer has broken the same rule before: two generations have missed it, and a third would cost as
    much.
    """
    repeated = error.code is ErrorCode.FORMAT_NOT_MET and any(
        (each.code, each.message) == (error.code, str(error)) for each in before
    )
    return JobError(error.code, str(error), final=True) if repeated else error


def delay_seconds(attempt: int, jitter: float) -> int:
    """Full jitter over an exponentially growing window (AWS Architecture Blog, "Exponential Backoff And Jitter")."""
    window = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(attempt - 1, 16))
    return int(jitter * (window + 1))
