"""Scale-in takes idle workers first, and harms no job of the others; KEDA, the autoscaler and real pods decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.pods.scale_in import HEAD, LONG, ROUND_SECONDS, one_round, rows, two_pools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed
    from support.pods.load import StubLane

LEAST_SCALE_INS = 6


@pytest.fixture(scope="module")
def lanes(installed: Installed) -> Iterator[list[StubLane]]:
    with two_pools(installed) as found:
        yield found


@pytest.mark.timeout(2 * ROUND_SECONDS, func_only=True)
def test_no_job_is_harmed_and_what_runs_long_is_spared_where_workers_may_tell(lanes: list[StubLane]) -> None:
    told, untold = one_round(lanes, seed=1)

    print(f"\n{HEAD}\n{rows([[told, untold]])}")  # noqa: T201 - the figure is the point
    assert (told.harmed, untold.harmed) == ([], [])
    assert len(told.victims) + len(untold.victims) >= LEAST_SCALE_INS
    long_ones = {each.id for each in told.jobs if each.timing.run_seconds >= LONG}
    assert not long_ones & {each.job for each in told.victims}
