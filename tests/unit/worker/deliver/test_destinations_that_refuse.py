from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.failed_job import FailedJob
from laneway_worker.deliver.commit import MOST_ASIDE
from laneway_worker.errors import Refused, TargetRefused, Unavailable
from support.worker.lane import BUCKET

if TYPE_CHECKING:
    from support.worker.lane import MakeLane

LEGAL = "acme-legal"


def test_a_destination_that_refuses_for_good_fails_its_job_and_not_its_lane(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store.refusals[LEGAL] = TargetRefused("PutObject was refused: NoSuchBucket", "make the bucket")
    lane.run(id="a", destination="legal")
    assert not lane.has_result("a")
    lane.run(id="meanwhile")
    assert lane.result("meanwhile").status == "succeeded"
    lane.pass_time(100)
    result = lane.result("a")
    assert result.error is not None
    assert (result.status, result.error.code.value) == ("failed", "destination_refused")
    assert result.error.message == "destination legal: PutObject was refused: NoSuchBucket"
    assert (result.text, result.output) == (None, None)
    assert result.usage is not None
    kept = FailedJob.model_validate_json(lane.store.objects[BUCKET, "documents/failed/a.json"].body)
    assert kept.error == result.error
    lane.run(id="next")
    assert lane.result("next").status == "succeeded"


def test_a_refusal_that_passes_within_a_minute_costs_nothing(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store.refusals[LEGAL] = TargetRefused("PutObject was refused: AccessDenied", "allow it")
    lane.run(id="a", destination="legal")
    lane.pass_time(40)
    del lane.store.refusals[LEGAL]
    lane.pass_time(20)
    assert lane.result("a").status == "succeeded"


def test_a_destination_that_is_only_unavailable_is_waited_for(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store.refusals[LEGAL] = Unavailable("PutObject was refused: SlowDown")
    lane.run(id="a", destination="legal")
    lane.pass_time(600)
    assert not lane.has_result("a")
    del lane.store.refusals[LEGAL]
    lane.pass_time(20)
    assert lane.result("a").status == "succeeded"


def test_trouble_with_our_own_credentials_fails_no_job(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store.refusals[LEGAL] = Refused("PutObject found no credentials", "give the pool's identity access to AWS")
    lane.run(id="a", destination="legal")
    lane.pass_time(600)
    assert not lane.has_result("a")
    del lane.store.refusals[LEGAL]
    lane.pass_time(20)
    assert lane.result("a").status == "succeeded"


def test_a_lane_holds_only_so_many_answers_for_a_destination(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store.refusals[LEGAL] = Unavailable("PutObject was refused: SlowDown")
    for number in range(MOST_ASIDE * 2):
        lane.send(id=f"job-{number}", destination="legal")
    lane.pass_time(60, step=1)
    assert MOST_ASIDE < len(lane.runtime.requests) < MOST_ASIDE + 5
    del lane.store.refusals[LEGAL]
    lane.pass_time(300)
    assert lane.queue.messages == {}
