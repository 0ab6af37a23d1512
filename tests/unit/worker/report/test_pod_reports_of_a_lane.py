from __future__ import annotations

import json
from typing import TYPE_CHECKING

from laneway.schema.shared.names import DELETION_COST, REPORT, STAYS
from laneway_worker.errors import EngineCrashed, ModelUnusable, Refused
from laneway_worker.testing.memory import MemoryPod
from laneway_worker.testing.runtime import DIGEST, Held
from support.worker.lane import Gate

if TYPE_CHECKING:
    import pytest

    from support.worker.lane import Lane, MakeLane


def pod_of(lane: Lane) -> MemoryPod:
    """The pod that a lane's worker reports to."""
    pod = MemoryPod()
    lane.worker.report_to(pod)
    lane.settle()
    return pod


def cost(pod: MemoryPod) -> str:
    return pod.annotations[DELETION_COST]


def report(pod: MemoryPod) -> dict[str, str]:
    found: dict[str, str] = json.loads(pod.annotations.get(REPORT, "{}"))
    return found


def code(pod: MemoryPod) -> str | None:
    return report(pod).get("code")


def message(pod: MemoryPod) -> str:
    return report(pod)["message"]


def test_an_idle_worker_writes_once(make_lane: MakeLane) -> None:
    lane = make_lane()
    pod = pod_of(lane)
    lane.pass_time(600)
    assert pod.writes == [{DELETION_COST: "0", REPORT: json.dumps({"digest": DIGEST})}]


def test_the_digest_is_told_as_long_as_its_model_is_loaded(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.start()
    pod = pod_of(lane)
    assert report(pod) == {}
    lane.runtime.loaded = True
    lane.pass_time(10)
    assert report(pod) == {"digest": DIGEST}
    lane.runtime.loaded = False
    lane.pass_time(60)
    assert "digest" not in report(pod)


def test_an_engine_that_answers_fewer_at_once_than_wanted_is_told(make_lane: MakeLane) -> None:
    lane = make_lane(start=False, parallel=4)
    lane.runtime.slots = 1
    lane.worker.start()
    pod = pod_of(lane)
    assert code(pod) == "fewer_slots"
    assert message(pod) == (
        "Ollama answers 1 of 4 requests of gemma3:270m at once, and the others would wait inside it; "
        "set the lane's parallel to 1"
    )


def test_a_job_raises_the_cost_at_once_and_while_it_runs(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    pod = pod_of(lane)
    lane.run(id="a")
    assert cost(pod) == "10"
    lane.pass_time(25)
    assert cost(pod) == "10"
    lane.pass_time(35)
    assert (cost(pod), len(pod.writes)) == ("70", 4)


def test_the_cost_falls_half_a_minute_after_the_last_job(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    pod = pod_of(lane)
    lane.run(id="a")
    lane.pass_time(60)
    lane.let_go(held)
    lane.pass_time(25)
    assert cost(pod) == "70"
    lane.pass_time(10)
    assert cost(pod) == "0"


def test_a_node_is_held_as_long_as_a_job_runs(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, hold_node=True)
    pod = pod_of(lane)
    assert not STAYS.keys() & pod.annotations.keys()
    lane.run(id="a")
    assert STAYS.items() <= pod.annotations.items()
    writes = len(pod.writes)
    lane.pass_time(60)
    assert STAYS.items() <= pod.annotations.items()
    assert len(pod.writes) == writes + 2, "those that the cost needs"
    lane.let_go(held)
    lane.pass_time(35)
    assert not STAYS.keys() & pod.annotations.keys()


def test_the_oldest_of_two_jobs_counts(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), Held(), parallel=2)
    pod = pod_of(lane)
    lane.run(id="a")
    lane.pass_time(60)
    lane.run(id="b")
    lane.pass_time(60)
    assert cost(pod) == "130"


def test_a_job_that_waits_for_its_result_to_be_stored_still_costs(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    pod = pod_of(lane)
    lane.run(id="a")
    lane.store.down = True
    lane.let_go(held)
    lane.pass_time(120)
    assert int(cost(pod)) >= 100


def test_short_jobs_cost_few_writes(make_lane: MakeLane) -> None:
    lane = make_lane()
    pod = pod_of(lane)
    for number in range(60):
        lane.run(id=f"job-{number}")
        lane.pass_time(1, step=1)
    assert len(pod.writes) <= 4


def test_an_unusable_model_is_reported_until_it_can_be_served(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.runtime.refusal = ModelUnusable("no such model", "correct its name")
    lane.start()
    pod = pod_of(lane)
    assert (code(pod), message(pod)) == ("model_unusable", "no such model; correct its name")
    lane.runtime.loaded = True
    lane.pass_time(60)
    assert report(pod) == {"digest": DIGEST}


def test_a_model_on_its_way_is_no_trouble(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.pulling = "pulling gemma3:270m: 1 %"
    lane.start()
    pod = pod_of(lane)
    lane.pass_time(3600, step=60)
    assert code(pod) is None


def test_a_missing_engine_is_reported_after_a_minute(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.start()
    pod = pod_of(lane)
    lane.pass_time(50)
    assert code(pod) is None
    lane.pass_time(15)
    assert code(pod) == "engine_down"
    lane.runtime.loaded = True
    lane.pass_time(5)
    assert code(pod) is None


def test_a_queue_that_refuses_is_reported_at_once_and_until_it_lets_us_in(make_lane: MakeLane) -> None:
    lane = make_lane()
    pod = pod_of(lane)
    lane.queue.refusal = Refused("ReceiveMessage was refused: AccessDenied", "allow it")
    lane.queue.down = True
    lane.pass_time(20)
    assert (code(pod), message(pod)) == ("aws_refused", "ReceiveMessage was refused: AccessDenied; allow it")
    lane.queue.down = False
    lane.pass_time(60)
    assert code(pod) is None


def test_a_queue_out_of_reach_is_reported_when_it_stays_so(make_lane: MakeLane) -> None:
    lane = make_lane()
    pod = pod_of(lane)
    lane.queue.down = True
    lane.pass_time(60)  # the poll under way ends first
    assert code(pod) is None
    lane.pass_time(60)
    assert code(pod) == "aws_unavailable"


def test_a_failure_that_nobody_looks_at_any_more_is_not_reported(make_lane: MakeLane) -> None:
    gate = Gate(EngineCrashed("Ollama's runner stopped"))
    lane = make_lane(gate, Held(), parallel=2)
    pod = pod_of(lane)
    lane.run(id="a")
    lane.queue.down = True
    lane.pass_time(25)
    lane.queue.down = False
    lane.let_go(gate)  # the job runs again alone, and nothing is received meanwhile
    lane.pass_time(300)
    assert lane.runtime.running == 1
    assert code(pod) is None


def test_a_store_that_refuses_is_reported_until_the_job_is_through(make_lane: MakeLane) -> None:
    lane = make_lane()
    pod = pod_of(lane)
    lane.store.refusal = Refused("PutObject was refused: AccessDenied", "allow it")
    lane.store.down = True
    lane.run(id="a")
    assert (code(pod), message(pod)) == ("aws_refused", "PutObject was refused: AccessDenied; allow it")
    lane.store.down = False
    lane.pass_time(20)
    assert code(pod) is None


def test_a_pod_that_can_not_be_written_disturbs_no_job(make_lane: MakeLane) -> None:
    lane = make_lane()
    pod = pod_of(lane)
    pod.down = True
    lane.run(id="a")
    lane.pass_time(600)
    lane.run(id="b")
    assert lane.has_result("a")
    assert lane.has_result("b")


def test_a_pod_that_can_not_be_written_is_tried_less_and_less_and_logged_once(
    make_lane: MakeLane, caplog: pytest.LogCaptureFixture
) -> None:
    lane = make_lane(Held())
    pod = pod_of(lane)
    before = len(pod.writes)
    pod.down = True
    lane.run(id="a")
    lane.pass_time(1 + 2 + 4 + 8 + 16 + 32 + 60 + 59, step=1)
    assert len(pod.writes) - before == 8
    assert sum("annotations" in record.getMessage() for record in caplog.records) == 1


def test_a_pod_that_can_be_written_again_learns_what_is_true_by_then(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    pod = pod_of(lane)
    pod.down = True
    lane.run(id="a")
    lane.pass_time(300)
    assert cost(pod) == "0"
    pod.down = False
    lane.pass_time(60)
    assert int(cost(pod)) >= 300


def test_a_report_holds_no_text_of_a_job(make_lane: MakeLane) -> None:
    lane = make_lane()
    pod = pod_of(lane)
    lane.store.down = True
    lane.run(id="canary-id", prompt="canary prompt", labels={"team": "canary"})
    lane.pass_time(120)
    assert code(pod) == "aws_unavailable"
    assert "canary" not in str(pod.writes)


def test_reporting_ends_with_the_worker(make_lane: MakeLane) -> None:
    lane = make_lane()
    pod_of(lane).down = True
    lane.run(id="a")
    lane.worker.consumer.leave()
    lane.pass_time(20)
    assert lane.clock.idle
