"""What many jobs would take: tokens, time and money. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.estimate.estimate import Estimate, range_words
from laneway.schema.estimate.reckon import ENOUGH_JOBS
from laneway.schema.job.result import Count, Seconds
from laneway.schema.shared.base import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway.schema.job.job import Job
    from laneway.schema.pool.documents.lane_estimate import LaneEstimate
    from laneway.schema.pool.documents.pool_document import PoolLane

CHARACTERS_PER_TOKEN = 4  # of English text, about; what a model makes of it nobody knows before
SECONDS_PER_HOUR = 3600


class Bill(Record):
    """About what they take; what nobody knows is absent."""

    lane: str
    """Where they would be sent."""
    jobs: Count
    """How many there are."""
    prompt_tokens: Count
    """About, by their characters."""
    completion_tokens: Count | None = None
    """As many for each as the lane's last jobs had, and no more than the job allows."""
    most_completion_tokens: Count
    """If each were as long as it may be."""
    begins: Estimate
    """When the first would begin."""
    seconds: Seconds | None = None
    """From the first one's begin to the last one's end, with the slots that are there now."""
    slots: Count
    """How many of them run at once."""
    usd: Seconds | None = None
    """At the lane's price of an hour."""

    def __str__(self) -> str:
        """As people say it, a line for each thing."""
        written = "" if self.completion_tokens is None else f"about {self.completion_tokens:,} written, "
        took = "unknown" if self.seconds is None else range_words(self.seconds, self.seconds)
        money = "unknown: the lane has no price, or too few jobs" if self.usd is None else f"about ${self.usd:,.2f}"
        lines = (
            f"{self.jobs:,} jobs for lane {self.lane}",
            f"tokens: about {self.prompt_tokens:,} read, {written}at most {self.most_completion_tokens:,}",
            f"begin: {self.begins}",
            f"time: {took}" + (f", {self.slots} at once" if self.seconds is not None else ""),
            f"money: {money}",
        )
        return "\n".join(lines)


def bill_of(jobs: Sequence[Job], lane: PoolLane, known: LaneEstimate | None, begins: Estimate) -> Bill:
    """What these would take in a lane, by its last jobs."""
    most = [_most(each, lane) for each in jobs]
    slots = max(known.parallel, known.slots) if known else 1
    told = known if known is not None and len(known.run_seconds) >= ENOUGH_JOBS else None
    return Bill(
        lane=lane.name,
        jobs=len(jobs),
        prompt_tokens=sum(len(each.model_dump_json(exclude_none=True)) for each in jobs) // CHARACTERS_PER_TOKEN,
        completion_tokens=_written(most, told),
        most_completion_tokens=sum(most),
        begins=begins,
        seconds=None if told is None else round(len(jobs) * sum(told.run_seconds) / len(told.run_seconds) / slots, 1),
        slots=min(slots, len(jobs)),
        usd=_usd(len(jobs), told),
    )


def _most(job: Job, lane: PoolLane) -> int:
    asked = job.options.num_predict if job.options else None
    return min(asked, lane.limits.max_tokens) if asked else lane.limits.max_tokens


def _written(most: Sequence[int], told: LaneEstimate | None) -> int | None:
    if told is None or told.tokens_per_job is None:
        return None
    return round(sum(min(told.tokens_per_job, each) for each in most))


def _usd(jobs: int, told: LaneEstimate | None) -> float | None:
    if told is None or told.gpu_seconds_per_job is None or told.price_per_hour is None:
        return None
    return round(jobs * told.gpu_seconds_per_job * told.price_per_hour / SECONDS_PER_HOUR, 4)
