"""Lanes from zero to many and back, their schedules, and AWS that is silent: real workers, and no operator."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support.cluster.control.plane import AWS
from support.pods.load import SOON, change_scaler, stub_engines, stub_pool, without_operator
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from laneway.schema.job.result import Result
    from support.pods.installed import Installed
    from support.pods.load import StubLane

SECONDS = 180.0
LOOK_SECONDS = 0.5  # a look costs as much as a worker does
SCALING = {"maxReplicas": 3, "jobsPerReplica": 1, "cooldown": "1m"}
SILENCE_SECONDS = 25.0  # five polls of KEDA, five cooldowns; less than a lease
HOLD_SECONDS = 12.0  # two polls of KEDA, two cooldowns
BEFORE_SECONDS = 40  # until the jobs run that a schedule is to meet


@pytest.fixture(scope="module")
def stubbed(installed: Installed) -> Iterator[Installed]:
    with stub_engines(installed):
        yield installed


def test_both_lanes_go_from_zero_to_many_and_back_while_aws_falls_silent(stubbed: Installed) -> None:
    with stub_pool(stubbed, "day", lane("fast"), lane("slow")) as lanes, without_operator(stubbed):
        fast, slow = lanes.values()
        soon(lanes)
        later = slow.send([1], delay=30)
        with timed("0 → 1, until a result"):
            first = finished(fast, fast.send([1]))
        assert slow.replicas() == 0, "a delayed job woke its lane"
        finished(slow, later)
        with timed("1 → 3, until three run on each lane"):
            sent = {each: each.send([45, 45, 45]) for each in (fast, slow)}
            eventually(lambda: [each.depth().running for each in sent] == [3, 3], SECONDS, LOOK_SECONDS)
        with stubbed.cluster.silent(AWS):
            held(lambda: [each.replicas() for each in sent] == [3, 3], SILENCE_SECONDS)
        done = [*first, *(each for one, ids in sent.items() for each in finished(one, ids))]
        with timed("3 → 0, from the last result"):
            eventually(lambda: [each.replicas() for each in sent] == [0, 0], SECONDS, LOOK_SECONDS)
        assert_unharmed(done)


def test_a_job_that_backs_off_keeps_no_pod(stubbed: Installed) -> None:
    with (
        stub_pool(stubbed, "sorry", lane("default", limits={"timeout": "1m", "maxAttempts": 5})) as lanes,
        without_operator(stubbed),
    ):
        [only] = lanes.values()
        soon(lanes)
        only.send([1], prompt="fail")
        eventually(lambda: only.depth().delayed == 1 and only.replicas() == 0, SECONDS, LOOK_SECONDS)


@pytest.mark.soak
def test_schedules_and_suspend_meet_running_jobs_and_leave_them_alone(stubbed: Installed) -> None:
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=2)
    quiet, floor = period(start, suspend=True), period(start, minReplicas=2)
    night, office = lane("night", schedules=[quiet]), lane("office", schedules=[floor])
    with stub_pool(stubbed, "windows", night, office) as lanes:
        asleep, open_lane = lanes.values()
        with without_operator(stubbed):
            soon(lanes)
            eventually(lambda: datetime.now(UTC) > start - timedelta(seconds=BEFORE_SECONDS), SECONDS, LOOK_SECONDS)
            slept_through, met = asleep.send([60, 60]), open_lane.send([60])
            eventually(lambda: (asleep.depth().running, open_lane.depth().running) == (2, 1), SECONDS, LOOK_SECONDS)
            assert datetime.now(UTC) < start, "the jobs were to run when the schedule began"
            eventually(lambda: datetime.now(UTC) > start, SECONDS, LOOK_SECONDS)
            waits = asleep.send([1])
            with timed("a floor of 2, from its beginning"):
                eventually(lambda: open_lane.replicas() == 2, SECONDS, LOOK_SECONDS)
            assert asleep.replicas() == 2, "running jobs keep their workers in a quiet schedule"
            done = [*finished(asleep, slept_through), *finished(open_lane, met)]
            with timed("to zero in a quiet schedule, from the last result"):
                eventually(lambda: asleep.replicas() == 0, SECONDS, LOOK_SECONDS)
            held(lambda: (asleep.replicas(), open_lane.replicas()) == (0, 2), HOLD_SECONDS)
        assert_unharmed(done)
        assert not asleep.results(waits)
        suspended(stubbed, open_lane)


def suspended(stubbed: Installed, at_work: StubLane) -> None:
    """A person suspends the pool while a job runs, and has it go on."""
    running = at_work.send([40])
    eventually(lambda: at_work.depth().running == 1, SECONDS, LOOK_SECONDS)
    suspend(stubbed, at_work.pool, "true")
    with timed("suspended: to zero, with a job that runs"):
        eventually(lambda: at_work.replicas() == 0, SECONDS, LOOK_SECONDS)
    eventually(lambda: len(at_work.pods()) == 1, SECONDS, LOOK_SECONDS)  # the idle one is gone
    waits = at_work.send([1])
    assert_unharmed(finished(at_work, running))
    assert not at_work.results(waits)
    suspend(stubbed, at_work.pool, "false")
    with timed("resumed: until what waited has its result"):
        assert_unharmed(finished(at_work, waits))


def soon(lanes: dict[str, StubLane]) -> None:
    for each in lanes.values():
        change_scaler(each, SOON)


def lane(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "scaling": SCALING, **fields}


def period(start: datetime, **effect: Any) -> dict[str, Any]:
    end = start + timedelta(hours=1)
    times = {"start": f"{start:%-M %-H} * * *", "end": f"{end:%-M %-H} * * *"}
    return {"name": "now", "timezone": "UTC", **times, **effect}


def suspend(stubbed: Installed, pool: str, value: str) -> None:
    patch = json.dumps({"spec": {"suspend": json.loads(value)}})
    stubbed.cluster.kubectl("patch", "llmworkerpool", pool, "--type=merge", f"--patch={patch}")


def finished(of: StubLane, ids: Sequence[str]) -> list[Result]:
    found = eventually(lambda: len(of.results(ids)) == len(ids) and of.results(ids), SECONDS, LOOK_SECONDS)
    assert found
    return list(found.values())


def held(probe: Callable[[], bool], seconds: float) -> None:
    """It is so all the time."""
    until = time.monotonic() + seconds
    eventually(lambda: not probe() or time.monotonic() > until, 2 * seconds, LOOK_SECONDS)
    assert time.monotonic() > until


def assert_unharmed(results: Sequence[Result]) -> None:
    assert [each.id for each in results if each.status != "succeeded" or each.failures] == []


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"\n| {what} | {time.monotonic() - began:.1f} |")  # noqa: T201 - the figure is the point
