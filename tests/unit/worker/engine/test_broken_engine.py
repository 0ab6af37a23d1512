"""An engine that can't answer: no job is charged, none is received, it is told, and in the end the worker leaves."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.shared.names import ENGINE_NOT_READY, ENGINE_SICK, REPORT
from laneway_worker.engine.doubts import SICK_SECONDS, SPENT_SECONDS
from laneway_worker.engine.engine import LONGEST_SPIN_SECONDS, RESTART_BUDGET_SECONDS, SPIN_SECONDS
from laneway_worker.errors import EngineCrashed, EngineFailed, JobError, ModelUnusable, Unavailable
from laneway_worker.report.http import Health
from laneway_worker.testing.memory import MemoryPod
from laneway_worker.testing.runtime import Held
from support.worker.lane import Gate, history_of

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

CODES = [ErrorCode.ENGINE_ERROR, ErrorCode.STALLED, ErrorCode.INCOMPLETE_ANSWER, ErrorCode.UNSUPPORTED]


def failed(code: ErrorCode = ErrorCode.ENGINE_ERROR) -> EngineFailed:
    return EngineFailed(JobError(code, "Ollama answered: no"), "HTTP 500")


def break_under(lane: Lane, gate: Gate, job_id: str = "a") -> None:
    """A job's generation fails on an engine that can answer nothing from then on."""
    lane.run(id=job_id)
    lane.runtime.broken = True
    lane.let_go(gate)


def page(lane: Lane, path: str) -> tuple[HTTPStatus, bytes]:
    return Health(lane.worker.consumer.stalled, lane.worker.engine, lane.worker.families).page(path)


def sample(lane: Lane, name: str, **labels: str) -> float | None:
    own = {"pool": lane.config.pool, "lane": lane.config.lane}
    return lane.worker.families.registry.get_sample_value(name, own | labels)


@pytest.mark.parametrize("code", CODES)
def test_what_fails_on_an_engine_that_can_answer_others_is_the_jobs_fault(make_lane: MakeLane, code: ErrorCode) -> None:
    lane = make_lane(*[failed(code)] * 3)
    lane.run(id="a")
    lane.pass_time(60)
    assert (lane.code("a"), lane.runtime.proofs) == (code.value, len(lane.runtime.requests))


@pytest.mark.parametrize("code", CODES)
def test_what_fails_on_a_broken_engine_goes_back_uncharged(make_lane: MakeLane, code: ErrorCode) -> None:
    gate = Gate(failed(code))
    lane = make_lane(gate)
    break_under(lane, gate)
    assert lane.is_visible(lane.only_message)
    assert (lane.only_message.attributes, lane.journal.of("put", "resend")) == ({}, [])


def test_an_engine_that_crashes_at_whatever_it_is_asked_charges_nobody(make_lane: MakeLane) -> None:
    gate = Gate(EngineCrashed("Ollama's runner stopped"))
    lane = make_lane(gate)
    break_under(lane, gate)
    assert (lane.is_visible(lane.only_message), len(lane.runtime.requests)) == (True, 1)


def test_a_job_that_breaks_the_engine_with_its_second_crash_is_not_charged(make_lane: MakeLane) -> None:
    gate = Gate(EngineCrashed("Ollama's runner stopped"))
    lane = make_lane(EngineCrashed("Ollama's runner stopped"), gate)
    break_under(lane, gate)
    assert (lane.is_visible(lane.only_message), len(lane.runtime.requests)) == (True, 2)


def test_a_time_out_on_a_broken_engine_goes_back_uncharged(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), limits={"timeout_seconds": 30})
    lane.run(id="a")
    lane.runtime.broken = True
    lane.pass_time(30)
    assert lane.is_visible(lane.only_message)
    assert lane.only_message.attributes == {}


def test_a_time_out_on_an_engine_that_can_answer_is_an_attempt(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), Held(), limits={"timeout_seconds": 30})
    lane.run(id="a")
    lane.pass_time(30)
    assert history_of(lane.only_message).failures[0].code is ErrorCode.TIMED_OUT


@pytest.mark.parametrize("broken", [False, True])
def test_an_engine_that_nobody_can_ask_charges_nobody(make_lane: MakeLane, *, broken: bool) -> None:
    gate = Gate(failed())
    lane = make_lane(gate)
    lane.run(id="a")
    lane.runtime.loaded = False
    lane.runtime.refusal = ModelUnusable("it can't be loaded") if broken else Unavailable("nobody there")
    lane.let_go(gate)
    lane.pass_time(0 if broken else RESTART_BUDGET_SECONDS)
    assert (lane.is_visible(lane.only_message), lane.only_message.attributes) == (True, {})


def test_a_job_can_be_cancelled_while_the_engine_is_asked(make_lane: MakeLane) -> None:
    gate = Gate(failed())
    lane = make_lane(gate)
    lane.run(id="a")
    lane.runtime.loading = True
    lane.let_go(gate)
    lane.cancel("a")
    lane.pass_time(20)
    assert lane.result("a").status == "cancelled"


def test_a_broken_engine_receives_nothing_until_it_can_answer(make_lane: MakeLane) -> None:
    gate = Gate(failed())
    lane = make_lane(gate)
    break_under(lane, gate)
    receives = lane.only_message.receives
    lane.pass_time(300)
    assert (lane.only_message.receives, len(lane.runtime.requests)) == (receives, 1)
    lane.runtime.broken = False
    lane.pass_time(90)
    assert (lane.result("a").status, lane.result("a").failures) == ("succeeded", ())


def test_what_waits_for_a_broken_engine_goes_back_at_once(make_lane: MakeLane) -> None:
    gates = [Gate(EngineCrashed("m")), Gate(EngineCrashed("m"))]
    lane = make_lane(*gates, parallel=2)
    lane.run(id="a")
    lane.run(id="b")
    lane.runtime.broken = True
    for gate in gates:
        lane.let_go(gate)
    assert [lane.is_visible(each) for each in lane.queue.messages.values()] == [True, True]


def test_a_neighbour_that_is_answered_on_a_broken_engine_has_its_result(make_lane: MakeLane) -> None:
    gate, held = Gate(failed()), Held()
    lane = make_lane(gate, held, parallel=2)
    lane.run(id="a")
    lane.run(id="b")
    lane.runtime.broken = True
    lane.let_go(gate)
    lane.let_go(held)
    assert (lane.result("b").status, lane.has_result("a")) == ("succeeded", False)


def test_a_broken_engine_is_asked_again_at_longer_and_longer_intervals(make_lane: MakeLane) -> None:
    gate = Gate(failed())
    lane = make_lane(gate)
    break_under(lane, gate)
    lane.pass_time(600, step=1)
    assert 10 <= lane.runtime.proofs <= 20


def test_a_broken_engine_is_told_in_log_pod_and_metrics(make_lane: MakeLane, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    gate, pod = Gate(failed()), MemoryPod()
    lane = make_lane(gate)
    lane.worker.report_to(pod)
    break_under(lane, gate)
    lane.pass_time(5)
    told = [each.__dict__["fields"] for each in caplog.records if each.getMessage() == ENGINE_NOT_READY]
    assert [(each["code"], each["unusable"]) for each in told] == [("engine_broken", True)]
    assert json.loads(pod.annotations[REPORT])["code"] == "engine_broken"
    assert sample(lane, "laneway_engine_broken") == 1
    assert sample(lane, "laneway_engine_questions_total", answered="no") == lane.runtime.proofs
    assert page(lane, "/readyz")[0] is HTTPStatus.SERVICE_UNAVAILABLE
    lane.runtime.broken = False
    lane.pass_time(60)
    assert (sample(lane, "laneway_engine_broken"), page(lane, "/readyz")[0]) == (0, HTTPStatus.OK)
    assert "code" not in json.loads(pod.annotations[REPORT])


def test_an_engine_that_stays_broken_is_to_be_started_anew_and_the_worker_to_end(make_lane: MakeLane) -> None:
    gate = Gate(failed())
    lane = make_lane(gate)
    break_under(lane, gate)
    assert page(lane, "/livez/engine") == (HTTPStatus.OK, b"ok\n")
    lane.pass_time(SICK_SECONDS)
    status, words = page(lane, "/livez/engine")
    assert (status, lane.worker.engine.spent) == (HTTPStatus.SERVICE_UNAVAILABLE, False)
    assert b"can't answer" in words
    lane.pass_time(SPENT_SECONDS - SICK_SECONDS)
    assert (lane.worker.engine.spent, page(lane, "/livez")[0]) == (True, HTTPStatus.OK)


def test_an_engine_that_is_only_down_is_not_to_be_started_anew_by_us(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.runtime.loaded = False
    lane.pass_time(SPENT_SECONDS)
    assert (page(lane, "/livez/engine")[0], lane.worker.engine.spent) == (HTTPStatus.OK, False)


def test_a_request_that_ollama_does_not_let_go_of_has_it_started_anew_when_idle(
    make_lane: MakeLane, caplog: pytest.LogCaptureFixture
) -> None:
    lane = make_lane()
    lane.runtime.dropped_since = lane.clock.monotonic()
    lane.pass_time(SPIN_SECONDS - 10)
    assert page(lane, "/livez/engine")[0] is HTTPStatus.OK
    lane.pass_time(20)
    assert page(lane, "/livez/engine")[0] is HTTPStatus.SERVICE_UNAVAILABLE
    assert [each.getMessage() for each in caplog.records].count(ENGINE_SICK) == 1
    receives = len(lane.journal.of("receive"))
    lane.pass_time(60)
    assert len(lane.journal.of("receive")) == receives
    lane.runtime.dropped_since = None
    lane.pass_time(20)
    assert page(lane, "/livez/engine")[0] is HTTPStatus.OK
    lane.run(id="a")
    assert lane.has_result("a")


def test_jobs_beside_such_a_request_may_end_first(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.runtime.dropped_since = lane.clock.monotonic()
    lane.pass_time(LONGEST_SPIN_SECONDS - 20)
    assert page(lane, "/livez/engine")[0] is HTTPStatus.OK
    lane.pass_time(40)
    assert page(lane, "/livez/engine")[0] is HTTPStatus.SERVICE_UNAVAILABLE


# Before the first job


def test_an_engine_that_is_broken_when_it_is_first_asked_gets_no_job(make_lane: MakeLane) -> None:
    lane = make_lane(start=False, parallel=2)
    lane.runtime.broken = True
    lane.worker.start()
    lane.run(id="a")
    lane.pass_time(5)
    assert (lane.worker.engine.unusable, lane.journal.of("receive")) == (True, [])
    lane.runtime.broken = False
    lane.pass_time(60)
    assert lane.has_result("a")


def test_an_engine_that_answers_one_question_and_never_several_gets_as_many_jobs_as_the_lane_wants(
    make_lane: MakeLane,
) -> None:
    lane = make_lane(start=False, parallel=2)
    lane.runtime.falls_over_several = True
    lane.worker.start()
    lane.pass_time(5)
    lane.run(id="a")
    assert (lane.runtime.proofs, lane.journal.of("receive")[0]) == (1, "receive 2")
    assert lane.has_result("a")
