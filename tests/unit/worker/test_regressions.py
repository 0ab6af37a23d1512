from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_worker.answer.checking import Broken, compiled
from laneway_worker.deliver.lease import Leases
from laneway_worker.errors import EngineCrashed, JobError, Unavailable
from laneway_worker.ports.queue import Delivery, Extension
from laneway_worker.ports.stop import Stop
from laneway_worker.testing.memory import MemoryQueue
from laneway_worker.testing.runtime import Held, answer
from support.worker.lane import Gate, WatchedClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.worker.lane import MakeLane


def test_a_job_expires_at_its_own_deadline(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a", expires_at="2026-11-22T12:01:00Z")  # the clock starts at 12:00
    lane.pass_time(60)
    assert lane.result("a").status == "expired"


def test_a_cancelled_job_whose_notification_waits_is_given_back_at_the_deadline(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), drain_seconds=60)
    lane.run(id="a")
    lane.notifier.down = True
    lane.cancel("a")
    lane.pass_time(20)
    lane.worker.consumer.drain()
    lane.pass_time(90)
    assert lane.worker.consumer.wait_until_done(0)


def test_a_worker_leaves_at_once_though_a_found_result_waits_for_the_notifier(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    lane.notifier.down = True
    lane.runtime.script.append(Held())
    lane.run(id="a")
    lane.worker.consumer.leave()
    lane.pass_time(60)
    assert lane.worker.consumer.wait_until_done(0)


@pytest.mark.parametrize(
    "text", ['{"a": "\\ud83d"}', '{"\\ud83d": 1}', '{"a": 1e999}', "[" * 300 + "]" * 300],
    ids=["surrogate", "surrogate-key", "overflow", "deep"],
)  # fmt: skip
@pytest.mark.parametrize("wanted", ["json", {}], ids=["json", "schema"])
def test_an_answer_that_no_result_can_hold_does_not_meet_its_format(
    make_lane: MakeLane, wanted: Any, text: str
) -> None:
    lane = make_lane(answer(text), limits={"max_attempts": 1})
    lane.run(id="a", format=wanted)
    assert lane.code("a") == "format_not_met"


def test_a_violation_quotes_no_key_that_the_model_wrote() -> None:
    check = compiled({"type": "object", "additionalProperties": {"type": "string"}})
    with pytest.raises(Broken) as caught:
        check('{"canary": 1}')
    assert "canary" not in str(caught.value)


def test_a_model_that_takes_five_minutes_to_load_is_no_reason_to_restart_the_worker(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loading = True
    lane.start()
    lane.pass_time(300)
    assert lane.worker.consumer.stalled() == []


def test_the_wait_for_a_crashed_engine_is_no_time_out(make_lane: MakeLane) -> None:
    gate = Gate(EngineCrashed("m"))
    lane = make_lane(gate, limits={"timeout_seconds": 300})
    lane.run(id="a")
    lane.runtime.loaded = False
    lane.let_go(gate)
    lane.pass_time(400)
    lane.runtime.loaded = True
    lane.pass_time(20)
    assert lane.result("a").failures == ()


def test_a_job_that_comes_by_a_poll_under_way_does_not_join_a_suspect(make_lane: MakeLane) -> None:
    gate, suspect, newcomer = Gate(EngineCrashed("m")), Held(), Held()
    lane = make_lane(gate, suspect, newcomer, parallel=2)
    lane.run(id="a")
    lane.let_go(gate)  # a poll for the second slot is under way
    lane.run(id="b")
    assert lane.runtime.running == 1


@pytest.mark.parametrize("body", [b"garbage", b"{}", None], ids=["garbage", "empty", "from-a-newer-version"])
def test_an_unreadable_result_stops_no_other_job(make_lane: MakeLane, body: bytes | None) -> None:
    lane = make_lane()
    if body is None:
        other = make_lane()
        other.run(id="a")
        body = json.dumps(json.loads(other.result("a").to_json()) | {"new_field": 1}).encode()
    lane.store_object("results/a.json", body)
    lane.run(id="a")
    lane.run(id="b")
    lane.pass_time(600)
    assert lane.has_result("b")


def test_a_busy_ollama_is_asked_with_pauses(make_lane: MakeLane) -> None:
    lane = make_lane(*[Unavailable("Ollama answered 503")] * 50)
    lane.run(id="a")
    assert len(lane.runtime.requests) <= 2


@pytest.mark.parametrize("receives", [0, 4])
def test_a_message_whose_copy_is_sent_is_not_given_back(make_lane: MakeLane, receives: int) -> None:
    lane = make_lane(JobError(ErrorCode.STALLED, "m"), Held(), start=False)
    lane.send(id="a")
    lane.only_message.receives = receives
    lane.queue.refused = {"delete"}
    lane.start()
    assert len(lane.journal.of("resend", "release")) == 1


class SlowQueue(MemoryQueue):
    """Its first heartbeat hangs until it is let go."""

    def __init__(self, clock: WatchedClock) -> None:
        super().__init__(clock)
        self.changed = clock.condition()
        self.hanging = True
        self.landed = 0

    def extend(self, receipts: Sequence[str], seconds: int) -> Extension:
        assert seconds > 0
        with self.changed:
            if self.hanging:
                self.hanging = False
                self.changed.wait_for(lambda: self.landed > 0)
            return Extension(frozenset(receipts))


def _discard(_: object) -> None: ...


def test_a_lease_is_closed_only_after_every_heartbeat_under_way() -> None:
    clock = WatchedClock()
    queue = SlowQueue(clock)
    changed = clock.condition()
    leases = Leases(queue, clock, changed, 60)
    lease = leases.take(Delivery("m", "m/1", b"", clock.now(), 1), Stop(changed), 0)
    clock.spawn("heartbeat", lambda: _discard(leases.beat()))
    clock.settle()
    clock.spawn("send-again", lambda: _discard(leases.beat()))
    clock.settle()
    closed: list[str] = []
    clock.spawn("close", lambda: closed.append(leases.close(lease)))
    clock.settle()
    before = list(closed)
    with queue.changed:
        queue.landed = 1
        queue.changed.notify_all()
    clock.settle()
    assert before == []
