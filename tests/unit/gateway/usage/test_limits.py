from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from laneway_gateway.usage.documents import Used
from laneway_gateway.usage.headers import headers_of, lasting
from laneway_gateway.usage.limits import limits_of, next_day, refusal
from support.gateway.quotas import quota

if TYPE_CHECKING:
    from laneway.schema.pool.documents.keys_file import Quota

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKENS = quota(tokens=1000)
ALL = quota(jobs=2, tokens=1000, gpu_seconds=60)


@pytest.mark.parametrize(
    ("bound", "used", "refused"),
    [
        (TOKENS, Used(), None),
        (TOKENS, Used(tokens=999), None),
        (TOKENS, Used(tokens=1000), "tokensPerDay"),
        (TOKENS, Used(tokens=4000), "tokensPerDay"),
        (TOKENS, Used(jobs_in_flight=10**6, gpu_seconds=1e9), None),
        (quota(gpu_seconds=60), Used(gpu_seconds=59.9), None),
        (quota(gpu_seconds=60), Used(gpu_seconds=60.0), "gpuSecondsPerDay"),
        (quota(jobs=2), Used(jobs_in_flight=1, tokens=10**9), None),
        (quota(jobs=2), Used(jobs_in_flight=2), "jobsInFlight"),
        (ALL, Used(jobs_in_flight=2, tokens=1000, gpu_seconds=60), "tokensPerDay"),
        (ALL, Used(jobs_in_flight=2, gpu_seconds=60), "gpuSecondsPerDay"),
    ],
)
def test_what_is_used_up_is_refused(bound: Quota, used: Used, refused: str | None) -> None:
    found = refusal("claims", bound, used, NOON)
    assert (found and found.quota) == refused


def test_a_refusal_says_which_quota_how_much_and_until_when() -> None:
    found = refusal("claims", TOKENS, Used(tokens=1204), NOON)
    assert found is not None
    assert found.seconds == 12 * 3600
    assert str(found) == (
        "the key claims has used 1,204 of its 1,000 tokens of this day (quota.tokensPerDay): it may send again from "
        "2026-11-23T00:00:00Z on, or once whoever runs the pool gives it more"
    )
    found = refusal("claims", ALL, Used(jobs_in_flight=3), NOON)
    assert found is not None
    assert found.seconds is None
    assert str(found) == (
        "3 jobs of the key claims have no result yet, of 2 that may be so at once (quota.jobsInFlight): wait for one "
        "of them to end, or cancel one"
    )


@pytest.mark.parametrize("hours", [-12, 0, 13])
@pytest.mark.parametrize("hour", [0, 2, 12, 23])
def test_a_day_is_one_of_utc_wherever_the_clock_stands(hour: int, hours: int) -> None:
    there = NOON.replace(hour=hour).astimezone(timezone(timedelta(hours=hours)))
    assert next_day(there) == datetime(2026, 11, 23, tzinfo=UTC)
    assert next_day(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)


def test_headers_have_what_is_bounded_alone_and_never_less_than_nothing() -> None:
    told = headers_of(limits_of(TOKENS, Used(tokens=1204), NOON), NOON)
    assert told == {
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "12h0m0s",
    }
    told = headers_of(limits_of(ALL, Used(jobs_in_flight=1, tokens=1, gpu_seconds=0.5), NOON), NOON)
    assert {name.removeprefix("x-ratelimit-"): each for name, each in told.items() if "reset" not in name} == {
        "limit-tokens": "1000",
        "remaining-tokens": "999",
        "limit-gpu-seconds": "60",
        "remaining-gpu-seconds": "59",
        "limit-jobs": "2",
        "remaining-jobs": "1",
    }
    assert "x-ratelimit-reset-jobs" not in told


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (-3, "0s"), (59.4, "59s"), (60, "1m0s"), (3600, "1h0m0s"), (22325, "6h12m5s"), (86400, "24h0m0s")],
)
def test_a_time_is_written_as_openai_does(seconds: float, text: str) -> None:
    assert lasting(seconds) == text
