from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from laneway.logs import JsonLines
from laneway.schema.job.codes import ErrorCode
from laneway_worker.errors import EngineCrashed, JobError, Unavailable
from laneway_worker.testing.runtime import Held, answer
from support.worker.lane import Gate

if TYPE_CHECKING:
    from support.worker.lane import MakeLane

CANARY = "canary-5f1e"
PROMPT = f"{CANARY} prompt"


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(JsonLines().format(record) + str(record.exc_text) for record in caplog.records)


def messages(caplog: pytest.LogCaptureFixture) -> set[str]:
    return {record.getMessage() for record in caplog.records}


def test_a_success_is_logged_without_text(make_lane: MakeLane, caplog: pytest.LogCaptureFixture) -> None:
    lane = make_lane(answer(f"{CANARY} answer"))
    lane.run(id="a", prompt=PROMPT, system=PROMPT, labels={"team": CANARY})
    assert "job committed" in messages(caplog)
    assert '"prompt_tokens": 7' in logged(caplog)
    assert CANARY not in logged(caplog)


def test_failures_are_logged_without_text(make_lane: MakeLane, caplog: pytest.LogCaptureFixture) -> None:
    errors = [JobError(code, f"{CANARY} message") for code in (ErrorCode.STALLED, ErrorCode.UNSUPPORTED)]
    lane = make_lane(*errors, answer(f"{CANARY} answer"), answer(f'{{"a": "{CANARY}"}}'))
    lane.run(id="a", prompt=PROMPT)
    lane.pass_time(30)
    lane.run(id="b", prompt=PROMPT, format={"type": "object", "properties": {"a": {"type": "integer"}}})
    lane.pass_time(30)
    assert messages(caplog) >= {"job retried", "job committed"}
    assert CANARY not in logged(caplog)


@pytest.mark.parametrize(
    "body",
    [
        f'{{"prompt": "{CANARY}", "promt": "{CANARY}"}}'.encode(),
        f'{{"prompt": "{CANARY}", "model": "{CANARY}"}}'.encode(),
        f'{{"prompt": "{CANARY}'.encode(),
        CANARY.encode(),
    ],
)
def test_invalid_jobs_are_logged_without_text(
    make_lane: MakeLane, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    make_lane().run(body)
    assert "job committed" in messages(caplog)
    assert CANARY not in logged(caplog)


def test_the_worlds_trouble_is_logged_without_text(make_lane: MakeLane, caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate(answer(f"{CANARY} answer"))
    lane = make_lane(EngineCrashed("m"), gate, Unavailable("m"), Held())
    lane.run(id="a", prompt=PROMPT)
    lane.pass_time(20)
    lane.store.down = lane.notifier.down = True
    lane.let_go(gate)
    lane.pass_time(60)
    lane.store.down = lane.notifier.down = False
    lane.pass_time(60)
    lane.run(id="b", prompt=PROMPT)
    lane.queue.down = True
    lane.pass_time(120)
    assert {"job committed", "job lost"} <= messages(caplog)
    assert CANARY not in logged(caplog)


def test_a_defect_of_ours_is_logged_without_text_and_harms_no_other_job(
    make_lane: MakeLane, caplog: pytest.LogCaptureFixture
) -> None:
    lane = make_lane(RuntimeError(f"{CANARY} in our own error"))
    message_id = lane.run(id="a", prompt=PROMPT)
    lane.run(id="b")
    assert "defect: RuntimeError" in messages(caplog)
    assert CANARY not in logged(caplog)
    assert lane.has_result("b")
    assert lane.queue.messages[message_id].visible_at - lane.clock.now() == timedelta(seconds=60)


def test_a_job_that_met_a_defect_comes_again(make_lane: MakeLane) -> None:
    lane = make_lane(RuntimeError("ours"))
    lane.run(id="a")
    lane.pass_time(60)
    assert (lane.result("a").status, lane.result("a").failures) == ("succeeded", ())
