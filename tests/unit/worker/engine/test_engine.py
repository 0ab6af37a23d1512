from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.schema.shared.names import ENGINE_NOT_READY, ENGINE_READY
from laneway_worker.errors import EngineCrashed
from laneway_worker.report.http import Health
from laneway_worker.testing.runtime import Held
from support.worker.lane import Gate

if TYPE_CHECKING:
    import pytest

    from support.worker.lane import Lane, MakeLane


def crash() -> EngineCrashed:
    return EngineCrashed("Ollama's runner stopped")


def gpu_seconds(lane: Lane, job_id: str) -> float:
    cost = lane.result(job_id).cost
    assert cost is not None
    return cost.gpu_seconds


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str | None]]:
    """What the log says of the engine: how badly, what, and why."""
    return [
        (record.levelname, record.getMessage(), record.__dict__["fields"].get("trouble"))
        for record in caplog.records
        if record.getMessage() in {ENGINE_READY, ENGINE_NOT_READY}
    ]


def page(lane: Lane, path: str) -> tuple[HTTPStatus, bytes]:
    return Health(lane.worker.consumer.stalled, lane.worker.engine, lane.worker.families).page(path)


def test_the_first_crash_is_nobodys_fault(make_lane: MakeLane) -> None:
    lane = make_lane(crash())
    lane.run(id="a")
    lane.pass_time(5)
    assert (lane.result("a").status, lane.result("a").failures) == ("succeeded", ())
    assert len(lane.runtime.requests) == 2


def test_a_crash_is_told_although_the_engine_is_back_at_the_next_look(
    make_lane: MakeLane, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    lane = make_lane(crash())
    lane.run(id="a")
    lane.pass_time(5)
    ready = ("INFO", ENGINE_READY, None)
    assert told(caplog) == [ready, ("WARNING", ENGINE_NOT_READY, "Ollama's runner stopped"), ready]


def test_the_engine_is_looked_at_at_once_when_a_job_has_seen_it_crash(make_lane: MakeLane) -> None:
    gate = Gate(crash())
    lane = make_lane(gate)
    lane.run(id="a")
    looks = lane.runtime.prepares
    lane.let_go(gate)
    assert lane.runtime.prepares == looks + 1


def test_a_second_crash_under_a_job_alone_is_its_last(make_lane: MakeLane) -> None:
    lane = make_lane(*[crash() for _ in range(6)])
    lane.run(id="a")
    lane.pass_time(30)
    assert lane.code("a") == "engine_crashed"
    assert (len(lane.runtime.requests), lane.result("a").failures) == (2, ())


def test_a_crashed_engine_is_waited_for_under_the_lease(make_lane: MakeLane) -> None:
    gate = Gate(crash())
    lane = make_lane(gate)
    lane.run(id="a")
    lane.runtime.loaded = False
    lane.let_go(gate)
    lane.pass_time(300)
    assert (lane.only_message.receives, len(lane.runtime.requests)) == (1, 1)
    lane.runtime.loaded = True
    lane.pass_time(5)
    assert lane.result("a").failures == ()


def test_nothing_is_received_while_the_engine_is_down(make_lane: MakeLane) -> None:
    gate = Gate(crash())
    lane = make_lane(gate)
    lane.run(id="a")
    lane.runtime.loaded = False
    lane.let_go(gate)
    waiting = lane.queue.messages[lane.run(id="b")]
    lane.pass_time(120)
    assert waiting.receives == 0


def test_an_engine_that_does_not_come_back_costs_no_attempt(make_lane: MakeLane) -> None:
    gate = Gate(crash())
    lane = make_lane(gate)
    lane.run(id="a")
    lane.runtime.loaded = False
    lane.let_go(gate)
    lane.pass_time(600)
    assert lane.is_visible(lane.only_message)
    assert lane.only_message.attributes == {}
    assert lane.journal.of("put", "resend") == []


def test_jobs_that_crashed_together_run_again_one_at_a_time(make_lane: MakeLane) -> None:
    gates, held = [Gate(crash()), Gate(crash())], [Held(), Held()]
    lane = make_lane(*gates, *held, parallel=2)
    lane.run(id="a")
    lane.run(id="b")
    for gate in gates:
        lane.let_go(gate)
    lane.pass_time(30)
    assert (lane.runtime.running, len(lane.runtime.requests)) == (1, 3)
    lane.let_go(held[0])
    assert (lane.runtime.running, len(lane.runtime.requests)) == (1, 4)
    lane.let_go(held[1])
    assert [lane.result(job_id).failures for job_id in ("a", "b")] == [(), ()]


def test_nothing_is_received_while_a_job_is_under_suspicion(make_lane: MakeLane) -> None:
    gates, held = [Gate(crash()), Gate(crash())], Held()
    lane = make_lane(*gates, held, parallel=2)
    lane.run(id="a")
    lane.run(id="b")
    for gate in gates:
        lane.let_go(gate)
    waiting = lane.queue.messages[lane.run(id="c")]
    lane.pass_time(120)
    assert (lane.runtime.running, waiting.receives) == (1, 0)
    lane.let_go(held)
    lane.pass_time(30)
    assert lane.has_result("c")


def test_a_free_slot_asks_for_nothing_while_a_job_is_under_suspicion(make_lane: MakeLane) -> None:
    gate, held = Gate(crash()), Held()
    lane = make_lane(gate, held, parallel=2)
    lane.run(id="a")
    lane.let_go(gate)
    lane.pass_time(25)  # the poll that was under way has ended
    waiting = lane.queue.messages[lane.run(id="b")]
    lane.pass_time(120)
    assert (lane.runtime.running, waiting.receives) == (1, 0)


def test_a_job_under_suspicion_can_be_cancelled(make_lane: MakeLane) -> None:
    lane = make_lane(crash(), Held())
    lane.run(id="a")
    lane.cancel("a")
    lane.pass_time(20)
    assert lane.result("a").status == "cancelled"


def test_a_job_that_waits_for_the_engine_can_be_given_back(make_lane: MakeLane) -> None:
    gate = Gate(crash())
    lane = make_lane(gate)
    lane.run(id="a")
    lane.runtime.loaded = False
    lane.let_go(gate)
    lane.worker.consumer.leave()
    lane.settle()
    assert lane.is_visible(lane.only_message)
    assert lane.worker.consumer.wait_until_done(0)


def test_two_parallel_jobs_share_the_accelerator(make_lane: MakeLane) -> None:
    first, second = Held(), Held()
    lane = make_lane(first, second, parallel=2)
    lane.run(id="a")
    lane.run(id="b")
    lane.pass_time(10)
    lane.let_go(first)
    lane.pass_time(10)
    lane.let_go(second)
    assert (gpu_seconds(lane, "a"), gpu_seconds(lane, "b")) == (5, 15)


def test_an_idle_accelerator_is_charged_to_nobody(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.pass_time(100)
    lane.run(id="a")
    lane.pass_time(10)
    lane.let_go(held)
    lane.pass_time(100)
    assert gpu_seconds(lane, "a") == 10


def test_the_wait_for_a_crashed_engine_costs_no_accelerator(make_lane: MakeLane) -> None:
    gate, held = Gate(crash()), Held()
    lane = make_lane(gate, held)
    lane.run(id="a")
    lane.runtime.loaded = False
    lane.let_go(gate)
    lane.pass_time(100)
    lane.runtime.loaded = True
    lane.pass_time(5)
    lane.pass_time(10)
    lane.let_go(held)
    assert 10 <= gpu_seconds(lane, "a") <= 15


def test_a_worker_is_not_ready_before_its_model_is_loaded(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.start()
    assert page(lane, "/readyz") == (HTTPStatus.SERVICE_UNAVAILABLE, b"the model is not there\n")
    lane.runtime.loaded = True
    lane.pass_time(1)
    assert page(lane, "/readyz")[0] is HTTPStatus.OK


def test_readiness_outlasts_a_short_restart(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.runtime.loaded = False
    lane.pass_time(10)
    assert not lane.worker.engine.ready
    lane.pass_time(55)
    assert page(lane, "/readyz")[0] is HTTPStatus.OK
    lane.pass_time(10)
    assert page(lane, "/readyz")[0] is HTTPStatus.SERVICE_UNAVAILABLE


def test_the_grace_of_readiness_is_not_renewed_by_looking(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.runtime.loaded = False
    lane.pass_time(75, step=1)
    assert page(lane, "/readyz")[0] is HTTPStatus.SERVICE_UNAVAILABLE


def test_a_working_worker_is_alive(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.pass_time(600)
    assert page(lane, "/livez")[0] is HTTPStatus.OK


def test_a_worker_is_alive_while_the_world_is_down(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.queue.down = lane.store.down = lane.notifier.down = True
    lane.runtime.loaded = False
    lane.pass_time(900)
    assert page(lane, "/livez")[0] is HTTPStatus.OK


def test_metrics_tell_how_many_jobs_ended_how(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    lane.run(id="b", model="other")
    status, text = page(lane, "/metrics")
    assert status is HTTPStatus.OK
    assert b'laneway_jobs_total{code="",lane="fast",pool="default/documents",status="succeeded"} 1.0' in text
    assert b'code="unknown_model"' in text


def test_an_unknown_page_is_not_found(make_lane: MakeLane) -> None:
    assert page(make_lane(), "/")[0] is HTTPStatus.NOT_FOUND


def test_a_defect_while_the_engine_is_looked_at_is_not_the_last_look(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.runtime.loaded, lane.runtime.refusal = False, ValueError("not a number")
    lane.pass_time(60)
    looks = lane.runtime.prepares

    lane.runtime.loaded = True
    lane.pass_time(60)
    assert lane.runtime.prepares > looks
