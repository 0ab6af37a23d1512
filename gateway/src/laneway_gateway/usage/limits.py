"""What a quota leaves of what is used. Pure: it decides, and counts nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import TYPE_CHECKING

from laneway_gateway.desk import Limit
from laneway_gateway.errors import QuotaExceeded

if TYPE_CHECKING:
    from laneway.schema.pool.documents.keys_file import Quota
    from laneway_gateway.usage.documents import Used

TOKENS, GPU_SECONDS, JOBS = "tokensPerDay", "gpuSecondsPerDay", "jobsInFlight"
WHAT = {TOKENS: "tokens", GPU_SECONDS: "seconds of GPUs"}


def next_day(now: datetime) -> datetime:
    """When a new day begins, by UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def limits_of(quota: Quota, used: Used, now: datetime) -> tuple[Limit, ...]:
    """The bounds of a quota that are set; a day's first, as who has used that up need not wait for a job's end."""
    ends = next_day(now)
    bounds = (
        (TOKENS, "tokens", quota.tokens_per_day, used.tokens, ends),
        (GPU_SECONDS, "gpu-seconds", quota.gpu_seconds_per_day, used.gpu_seconds, ends),
        (JOBS, "jobs", quota.jobs_in_flight, used.jobs_in_flight, None),
    )
    return tuple(Limit(name, unit, most, told, end) for name, unit, most, told, end in bounds if most is not None)


def refusal(tenant: str, quota: Quota, used: Used, now: datetime) -> QuotaExceeded | None:
    """Why a tenant may send no job more now; None where it may."""
    reached = next((each for each in limits_of(quota, used, now) if each.reached), None)
    if reached is None:
        return None
    if reached.ends is None:
        words = (
            f"{reached.used:,} jobs of the key {tenant} have no result yet, of {reached.most:,} that may be so at once "
            f"(quota.{reached.name}): wait for one of them to end, or cancel one"
        )
        return QuotaExceeded(words, reached.name, None)
    words = (
        f"the key {tenant} has used {int(reached.used):,} of its {reached.most:,} {WHAT[reached.name]} of this day "
        f"(quota.{reached.name}): it may send again from {reached.ends:%Y-%m-%dT%H:%M:%SZ} on, or once whoever runs "
        "the pool gives it more"
    )
    return QuotaExceeded(words, reached.name, ceil((reached.ends - now).total_seconds()))
