"""A pool on this machine obeys `suspend` and quiet schedules by its workers' own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from support.inputs.pool_files import one_lane_pool, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.local.pool import LocalPool

WAIT_SECONDS = 120.0


def quiet_now() -> str:
    """A quiet schedule around this hour, as lines of a lane."""
    start, end = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 2))
    cron = [f"{each.minute} {each.hour} * * *" for each in (start, end)]
    return f'    schedules: [{{name: now, timezone: UTC, start: "{cron[0]}", end: "{cron[1]}", suspend: true}}]\n'


@pytest.mark.parametrize("lines", ["  suspend: true\n", quiet_now()], ids=["suspended", "in a quiet schedule"])
def test_jobs_wait_while_a_pool_sleeps_and_run_when_it_wakes(own_pool: Callable[..., LocalPool], lines: str) -> None:
    pool = own_pool(one_lane_pool() + lines)
    job = pool.pool.submit(**short())
    assert pool.stop() == 0, pool.words
    assert job.id not in " ".join(path.name for path in pool.state.glob("aws/s3/*/own/results/*"))
    woken = datetime.now(UTC)
    pool.file.write_text(one_lane_pool())
    pool.start()
    pool.wait_until_serving()
    result = pool.pool.result(job.id, timeout=WAIT_SECONDS)
    assert result.status == "succeeded"
    assert result.timing.received_at is not None
    assert result.timing.received_at > woken
