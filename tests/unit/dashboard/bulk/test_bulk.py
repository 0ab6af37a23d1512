"""Actions over many: each failure is meant once, by a list that was frozen."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from laneway_dashboard.bulk.bulk import MOST_PROPOSED, Bulk
from laneway_dashboard.bulk.running import PACE_SECONDS
from laneway_dashboard.errors import Refused
from laneway_dashboard.ports.visitors import Role, Visitor
from laneway_dashboard.testing.clock import ManualClock
from laneway_dashboard.testing.fakes import FakeFailed, MemoryActions
from laneway_dashboard.testing.worlds import NAME, trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_dashboard.bulk.bulk import Action
    from laneway_dashboard.ports.failed import Verb

ANNA = Visitor("anna", Role.OPERATOR)


class Desk:
    """Actions that run when the test says so."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.failed: FakeFailed = trouble(self.clock).failed
        self.store = MemoryActions()
        self.later: list[Callable[[], None]] = []
        self.bulk = self.started()

    def started(self) -> Bulk:
        return Bulk({NAME: self.failed}, self.store, self.clock, self.later.append, lambda: None)

    def propose(self, most: int, verb: Verb = "retry") -> Action:
        return self.bulk.propose(NAME, verb, self.failed.jobs[:most], "some", ANNA)

    def run(self) -> None:
        while self.later:
            self.later.pop(0)()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_proposed_is_carried_out_when_it_is_confirmed(desk: Desk) -> None:
    action = desk.propose(3)
    desk.run()
    assert desk.failed.acted == []
    desk.bulk.begin(action, ANNA)
    desk.run()
    assert [name for _, name in desk.failed.acted] == [each.id for each in action.plan.targets]
    assert (action.progress.state, action.done) == ("ended", 3)
    assert desk.store.progress[action.plan.id] == action.progress


def test_a_form_that_is_sent_twice_acts_once(desk: Desk) -> None:
    action = desk.propose(3)
    desk.bulk.begin(action, ANNA)
    desk.bulk.begin(action, ANNA)
    assert len(desk.later) == 1


def test_two_tabs_that_retry_the_same_jobs_retry_each_once(desk: Desk) -> None:
    one, other = desk.propose(5), desk.propose(5)
    for each in (one, other):
        desk.bulk.begin(each, ANNA)
    desk.run()
    assert len(desk.failed.acted) == 5
    assert (one.done, other.done) == (5, 0)
    assert [each.id for each in other.progress.refused] == [each.id for each in other.plan.targets]


def test_what_failed_again_meanwhile_is_not_meant(desk: Desk) -> None:
    action = desk.propose(2, "drop")
    first = desk.failed.jobs[0]
    desk.failed.jobs[0] = type(first)(**(vars(first) | {"etag": '"later"'}))
    desk.bulk.begin(action, ANNA)
    desk.run()
    assert [each.id for each in action.progress.refused] == [first.id]
    assert desk.failed.jobs[0].etag == '"later"'


def test_it_is_paced(desk: Desk) -> None:
    before = desk.clock.now()
    desk.bulk.begin(desk.propose(20), ANNA)
    desk.run()
    assert (desk.clock.now() - before).total_seconds() == pytest.approx(20 * PACE_SECONDS)


def test_it_is_stopped_and_taken_up_again(desk: Desk) -> None:
    action = desk.propose(4)
    desk.bulk.begin(action, ANNA)
    desk.bulk.abort(action, ANNA)
    desk.run()
    assert (action.progress.state, desk.failed.acted) == ("aborted", [])
    desk.bulk.resume(action, ANNA)
    desk.run()
    assert (action.progress.state, action.done) == ("ended", 4)


def test_what_can_not_be_reached_holds_it(desk: Desk) -> None:
    action = desk.propose(4)
    desk.failed.trouble = "S3 can't be reached"
    desk.bulk.begin(action, ANNA)
    desk.run()
    assert (action.progress.state, action.progress.why, action.progress.position) == ("held", "S3 can't be reached", 0)
    desk.failed.trouble = None
    desk.bulk.resume(action, ANNA)
    desk.run()
    assert action.done == 4


def test_whatever_ends_it_a_person_can_take_it_up(desk: Desk) -> None:
    action = desk.propose(4)
    save, full = desk.store.save, OSError("no space left on device")

    def fail(*_: object) -> None:
        raise full

    desk.store.save = fail  # type: ignore[assignment, method-assign] # a full disk
    desk.bulk.begin(action, ANNA)
    desk.run()
    assert (action.progress.state, action.progress.position) == ("held", 4)
    assert "log" in str(action.progress.why)
    desk.store.save = save  # type: ignore[method-assign] # room again
    desk.bulk.resume(action, ANNA)
    desk.run()
    assert (action.progress.state, action.done) == ("ended", 4)


def test_after_a_restart_a_person_takes_it_up(desk: Desk) -> None:
    action = desk.propose(30)
    desk.bulk.begin(action, ANNA)
    desk.store.progress[action.plan.id] = action.progress.model_copy(update={"position": 10})
    desk.later.clear()

    bulk = desk.started()
    held = bulk.get(NAME, action.plan.id)
    assert held is not None
    assert held.progress.state == "held"
    bulk.resume(held, ANNA)
    desk.run()
    assert len(desk.failed.acted) == 20


def test_nothing_and_too_much_are_refused(desk: Desk) -> None:
    with pytest.raises(Refused, match="no failed job"):
        desk.propose(0)
    many = desk.failed.jobs * 100
    with pytest.raises(Refused, match="more than"):
        desk.bulk.propose(NAME, "retry", many, "all", ANNA)


def test_what_nobody_confirms_is_forgotten(desk: Desk) -> None:
    proposed = [desk.propose(1) for _ in range(MOST_PROPOSED + 5)]
    left = [each for each in proposed if desk.bulk.get(NAME, each.plan.id)]
    assert left == proposed[-MOST_PROPOSED:]
    assert desk.bulk.of(NAME) == []
    assert desk.bulk.get("other/pool", left[0].plan.id) is None


def test_what_another_sender_wrote_is_said(desk: Desk) -> None:
    action = desk.propose(2)
    desk.failed.other_bodies = {action.plan.targets[0].id}
    desk.bulk.begin(action, ANNA)
    desk.run()
    assert [each.id for each in action.progress.remarks] == [action.plan.targets[0].id]


def test_each_action_has_its_line_without_ids_and_texts(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        action = desk.propose(3)
        desk.bulk.begin(action, ANNA)
        desk.run()
    told = [(each.message, each.__dict__["fields"]) for each in caplog.records]
    assert [each[0] for each in told] == ["action begun", "action over"]
    assert {"who": "anna", "verb": "retry", "pool": NAME, "jobs": 3}.items() <= told[0][1].items()
    assert not any(target.id in str(told) for target in action.plan.targets)
