from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.shared.names import ENGINE_NOT_READY
from laneway_worker.errors import ModelUnusable
from laneway_worker.report.http import Health

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def pulls(lane: Lane, percent: int) -> None:
    lane.runtime.pulling = f"pulling gemma3:270m: {percent} %"


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["fields"] for record in caplog.records if record.getMessage() == ENGINE_NOT_READY]


def test_the_trouble_says_how_far_a_pull_is(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    pulls(lane, 41)
    lane.start()
    page = Health(lane.worker.consumer.stalled, lane.worker.engine, lane.worker.families).page("/readyz")
    assert page == (HTTPStatus.SERVICE_UNAVAILABLE, b"pulling gemma3:270m: 41 %\n")
    assert not lane.worker.engine.unusable


def test_a_pulled_model_serves(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    pulls(lane, 41)
    lane.send(id="a")
    lane.start()
    assert lane.journal == []
    lane.runtime.pulling = None
    lane.pass_time(1)
    assert lane.has_result("a")


def test_progress_is_logged_at_most_every_ten_seconds(make_lane: MakeLane, caplog: pytest.LogCaptureFixture) -> None:
    lane = make_lane(start=False)
    pulls(lane, 0)
    lane.start()
    for second in range(1, 31):
        pulls(lane, second)
        lane.pass_time(1)
    told = [fields["trouble"].split(": ")[1] for fields in logged(caplog)]
    assert told == ["0 %", "10 %", "20 %", "30 %"]
    assert not any(fields["unusable"] for fields in logged(caplog))


def test_a_pull_that_fails_is_tried_less_and_less(make_lane: MakeLane, caplog: pytest.LogCaptureFixture) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.runtime.refusal = ModelUnusable("no such model")
    lane.start()
    lane.pass_time(1 + 2 + 4 + 8 + 16 + 32 + 60 + 59, step=1)
    assert lane.runtime.prepares == 8
    assert [fields["trouble"] for fields in logged(caplog)] == ["no such model"]


def test_the_back_off_starts_anew_once_the_model_was_there(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.runtime.refusal = ModelUnusable("no such model")
    lane.start()
    lane.pass_time(120, step=1)
    lane.runtime.loaded = True
    lane.pass_time(60, step=1)
    lane.runtime.loaded = False
    while lane.worker.engine.ready:
        lane.pass_time(1)
    asked = lane.runtime.prepares
    lane.pass_time(3, step=1)
    assert lane.runtime.prepares == asked + 2


def test_other_trouble_is_looked_at_every_second(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.start()
    lane.pass_time(60, step=1)
    assert lane.runtime.prepares == 61


def test_a_pull_that_moves_is_no_lasting_trouble_any_more(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.runtime.refusal = ModelUnusable("no such model")
    lane.start()
    assert lane.worker.engine.unusable
    pulls(lane, 1)
    lane.pass_time(2)
    assert not lane.worker.engine.unusable
