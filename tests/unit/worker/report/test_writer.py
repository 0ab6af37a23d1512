from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from laneway.schema.estimate.foretold import Foretold
from laneway.schema.pool.documents.lane_estimate import MAX_ESTIMATE_BYTES, LaneEstimate
from laneway.schema.pool.documents.worker_report import WorkerReport
from laneway.schema.shared.names import ESTIMATE_METADATA
from laneway_worker.errors import Refused
from laneway_worker.ports.objects import Stored
from laneway_worker.testing.runtime import Held
from support.worker.lane import BUCKET

if TYPE_CHECKING:
    from laneway_worker.testing.runtime import Step
    from support.worker.lane import Lane, MakeLane

REPORT = "documents/workers/fast/worker-1.json"
ESTIMATE = "documents/estimates/fast.json"


def reporting(make_lane: MakeLane, *script: Step, start: bool = True) -> Lane:
    """A lane whose worker reports into a store of its own, so that jobs and reports are told apart."""
    lane = make_lane(*script, start=False)
    lane.worker.write_reports(lane.reports)
    if start:
        lane.start()
        lane.pass_time(5)
    return lane


def told(lane: Lane) -> WorkerReport:
    return WorkerReport.model_validate_json(lane.reports.objects[BUCKET, REPORT].body)


def known(lane: Lane) -> LaneEstimate:
    return LaneEstimate.model_validate_json(lane.reports.objects[BUCKET, ESTIMATE].body)


def writes(lane: Lane, key: str = REPORT) -> int:
    return lane.reports.calls.count(f"put {key}")


def test_a_worker_says_that_it_serves_and_with_what(make_lane: MakeLane) -> None:
    report = told(reporting(make_lane))
    assert (report.worker, report.lane, report.state, report.slots) == ("worker-1", "fast", "serving", 1)
    assert report.model is not None
    assert report.jobs == ()


def test_a_worker_that_works_names_its_job_and_one_that_is_idle_none(make_lane: MakeLane) -> None:
    held = Held()
    lane = reporting(make_lane, held)
    lane.run(id="a")
    lane.pass_time(60)
    (job,) = told(lane).jobs
    assert (job.id, job.attempt) == ("a", 1)
    lane.let_go(held)
    lane.pass_time(60)
    assert told(lane).jobs == ()
    assert told(lane).finished == 1


def test_it_writes_three_times_a_minute_at_work_and_once_at_rest(make_lane: MakeLane) -> None:
    held = Held()
    lane = reporting(make_lane, held)
    before = writes(lane)
    lane.pass_time(600)
    assert 10 <= writes(lane) - before <= 11
    lane.run(id="a")
    lane.pass_time(60)
    before = writes(lane)
    lane.pass_time(600)
    assert 29 <= writes(lane) - before <= 31


def test_a_worker_that_rested_for_long_tells_its_next_job_within_twenty_seconds(make_lane: MakeLane) -> None:
    lane = reporting(make_lane, Held())
    lane.pass_time(300)
    lane.run(id="a")
    lane.pass_time(20)
    assert [job.id for job in told(lane).jobs] == ["a"]


def test_a_change_of_state_is_told_at_once(make_lane: MakeLane) -> None:
    lane = reporting(make_lane)
    lane.pass_time(20)
    lane.live.body = (lane.live.body or b"").replace(b'"suspended":false', b'"suspended":true')
    lane.pass_time(10)
    assert (told(lane).state, told(lane).words) == ("waits", "the lane sleeps: jobs wait")


def test_a_worker_without_a_model_says_how_far_it_is(make_lane: MakeLane) -> None:
    lane = reporting(make_lane, start=False)
    lane.runtime.loading = True
    lane.start()
    lane.pass_time(30)
    assert told(lane).state == "starting"
    lane.runtime.loading = False
    lane.pass_time(10)
    assert told(lane).state == "serving"


def test_a_worker_that_leaves_says_so_and_then_nothing(make_lane: MakeLane) -> None:
    held = Held()
    lane = reporting(make_lane, held)
    lane.run(id="a")
    lane.worker.consumer.drain()
    lane.pass_time(10)
    assert told(lane).state == "draining"
    lane.let_go(held)
    lane.pass_time(30)
    assert (BUCKET, REPORT) not in lane.reports.objects
    assert known(lane).finished == 1, "what it knew last is kept"


def test_the_last_worker_that_leaves_counts_no_killed_one(make_lane: MakeLane) -> None:
    lane = reporting(make_lane)
    killed = told(lane).model_copy(update={"worker": "killed"}).model_dump_json().encode()
    lane.reports.put(BUCKET, REPORT.replace("worker-1", "killed"), killed)
    lane.pass_time(600)
    lane.worker.consumer.drain()
    lane.pass_time(30)
    assert REPORT not in {key for _, key in lane.reports.objects}
    assert (known(lane).workers, known(lane).slots) == (0, 0)


def test_a_store_that_refuses_delays_no_job(make_lane: MakeLane) -> None:
    lane = reporting(make_lane)
    lane.reports.refusal = Refused("PutObject was refused: AccessDenied", "give the pool's identity the right")
    lane.reports.down = True
    lane.run(id="a")
    assert lane.has_result("a")
    lane.pass_time(300)
    lane.reports.down = False
    lane.pass_time(120)
    assert told(lane).finished == 1
    assert known(lane).finished == 1


def test_what_came_last_tells_how_long_the_line_is(make_lane: MakeLane) -> None:
    lane = reporting(make_lane, Held(), start=False)
    lane.send(id="a")
    lane.clock.advance(42)
    lane.start()
    lane.pass_time(60)
    assert told(lane).head_of_line_seconds == 42


def test_the_lane_is_known_by_its_jobs_and_once_a_minute(make_lane: MakeLane) -> None:
    lane = reporting(make_lane, *[held := Held()])
    lane.run(id="a")
    lane.pass_time(10)
    lane.let_go(held)
    lane.run(id="b")
    lane.pass_time(600)
    found = known(lane)
    assert (found.finished, found.run_seconds, found.workers, found.slots) == (2, (10.0, 0.0), 1, 1)
    assert writes(lane, ESTIMATE) <= 11


def test_another_workers_runs_are_kept_beside_ones_own(make_lane: MakeLane) -> None:
    lane = reporting(make_lane, start=False)
    there = LaneEstimate(lane="fast", at=lane.clock.now(), workers=1, slots=1, finished=7, run_seconds=(3.0,) * 7)
    lane.reports.put(BUCKET, ESTIMATE, there.model_dump_json().encode())
    lane.start()
    lane.run(id="a")
    lane.pass_time(90)
    assert known(lane).run_seconds == (*(3.0,) * 7, 0.0)
    assert known(lane).finished == 8


def test_whoever_is_overtaken_adds_its_news_later(make_lane: MakeLane) -> None:
    lane = reporting(make_lane)
    lane.run(id="a")
    lane.pass_time(60)
    lane.reports.objects[BUCKET, ESTIMATE] = Stored(lane.reports.objects[BUCKET, ESTIMATE].body, '"another"')
    lane.run(id="b")
    lane.pass_time(150)
    assert known(lane).finished == 2


@pytest.mark.parametrize("there", [b"", b"[]", b"{}"])
def test_what_is_no_such_document_gives_way(make_lane: MakeLane, there: bytes) -> None:
    lane = reporting(make_lane, start=False)
    lane.reports.put(BUCKET, ESTIMATE, there)
    lane.start()
    lane.pass_time(90)
    assert known(lane).workers == 1


def test_what_is_too_large_stays(make_lane: MakeLane) -> None:
    lane = reporting(make_lane, start=False)
    lane.reports.put(BUCKET, ESTIMATE, huge := b"x" * (MAX_ESTIMATE_BYTES + 1))
    lane.start()
    lane.pass_time(90)
    assert lane.reports.objects[BUCKET, ESTIMATE].body == huge


def test_reports_of_workers_that_have_gone_count_no_more(make_lane: MakeLane) -> None:
    lane = reporting(make_lane)
    other = told(lane).model_copy(update={"worker": "worker-2", "slots": 4})
    lane.reports.put(BUCKET, REPORT.replace("-1", "-2"), other.model_dump_json().encode())
    lane.pass_time(90)
    assert (known(lane).workers, known(lane).slots) == (2, 5)
    lane.pass_time(300)
    assert (known(lane).workers, known(lane).slots) == (1, 1)


def test_a_hundred_reports_of_workers_that_were_killed_hide_no_worker(make_lane: MakeLane) -> None:
    lane = reporting(make_lane)
    lane.pass_time(60)
    left = told(lane).model_copy(update={"worker": "killed"}).model_dump_json().encode()
    for number in range(120):
        lane.reports.put(BUCKET, f"documents/workers/fast/a-{number:03}.json", left)
    lane.pass_time(600)
    lane.reports.put(BUCKET, "documents/workers/fast/worker-2.json", left)
    lane.pass_time(90)
    assert known(lane).workers == 2


def test_how_long_a_lane_at_zero_took_to_wake_is_told_once(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.send(id="a")
    lane.clock.advance(90)
    lane.worker.write_reports(lane.reports)
    lane.start()
    lane.pass_time(300)
    assert known(lane).starts.node == (90.0,)
    assert known(lane).starts.model == (0.0,)


def test_what_was_foretold_is_held_against_what_came(make_lane: MakeLane) -> None:
    held = Held()
    lane = reporting(make_lane, held)
    lane.store.objects[BUCKET, "documents/jobs/a.json"] = Stored(
        b'{"id": "a", "prompt": "Capital of France?"}',
        '"etag"',
        {ESTIMATE_METADATA: Foretold(20.0, "few", "ready").to_metadata()},
    )
    lane.send(id="before")
    lane.settle()
    lane.send(id="a")
    lane.pass_time(30)
    lane.let_go(held)
    lane.pass_time(90)
    (correction,) = known(lane).corrections
    assert (correction.depth, correction.standing) == ("few", "ready")
    assert correction.ratios == (1.5,)


def test_ages_are_those_of_the_store_whatever_a_workers_clock_says(make_lane: MakeLane) -> None:
    lane = reporting(make_lane)
    wrong = told(lane).model_copy(update={"worker": "worker-2", "at": lane.clock.now() - timedelta(days=1)})
    lane.reports.put(BUCKET, REPORT.replace("-1", "-2"), wrong.model_dump_json().encode())
    lane.pass_time(60)
    assert known(lane).workers == 2
