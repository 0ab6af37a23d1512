from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laneway_operator.errors import Unreachable
from laneway_operator.leader.election import DURATION_SECONDS, LEADS_SECONDS, TURN_SECONDS, Record
from laneway_operator.leader.leader import Leader
from laneway_operator.testing.lease import MemoryLease

START = datetime(2026, 1, 1, tzinfo=UTC)
TAKE_OVER_SECONDS = 30.0


class Operators:
    """Two of them, one Lease and one clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.lease = MemoryLease()
        self.one, self.two = (self.made(name) for name in ("one", "two"))

    def made(self, name: str) -> Leader:
        """An operator of this name."""
        return Leader(self.lease, name, lambda: self.now, lambda: START + timedelta(seconds=self.now))

    def pass_by(self, seconds: float) -> None:
        """Time passes, and nobody takes a turn."""
        self.now += seconds

    def later(self, seconds: float, *alive: Leader) -> None:
        """Time passes, and who is alive takes its turns."""
        end = self.now + seconds
        while self.now < end:
            self.now += TURN_SECONDS
            for each in alive:
                each.turn()
            assert not (self.one.leads and self.two.leads)


@pytest.fixture
def operators() -> Operators:
    made = Operators()
    assert made.one.turn()
    return made


def test_the_first_that_asks_leads_and_the_other_stands_by(operators: Operators) -> None:
    assert not operators.two.turn()
    assert (operators.one.leads, operators.two.leads) == (True, False)
    assert operators.lease.record is not None
    assert (operators.lease.record.holder, operators.lease.record.transitions) == ("one", 0)


def test_a_lease_tells_people_when_it_was_taken_and_last_renewed(operators: Operators) -> None:
    operators.later(20, operators.one)
    assert operators.lease.record is not None
    assert operators.lease.record.acquired == "2026-01-01T00:01:40.000000Z"
    assert operators.lease.record.renewed == "2026-01-01T00:02:00.000000Z"


def test_who_renews_goes_on_for_ever(operators: Operators) -> None:
    operators.later(300, operators.one, operators.two)
    assert operators.one.leads
    assert not operators.two.leads


def test_a_beginning_is_told_once(operators: Operators) -> None:
    assert not operators.one.turn()


def test_a_standby_takes_over_from_one_that_was_killed(operators: Operators) -> None:
    operators.later(20, operators.one, operators.two)
    killed = operators.now
    while not operators.two.leads:
        operators.later(TURN_SECONDS, operators.two)
    assert DURATION_SECONDS <= operators.now - killed <= TAKE_OVER_SECONDS - 10
    assert operators.lease.record is not None
    assert operators.lease.record.transitions == 1


def test_who_can_not_renew_stops_before_another_may_begin(operators: Operators) -> None:
    operators.two.turn()
    operators.now += LEADS_SECONDS
    assert not operators.one.leads
    assert not operators.two.turn()
    operators.now += DURATION_SECONDS - LEADS_SECONDS - 0.1
    assert not operators.two.turn()


def test_a_leader_without_an_answer_goes_on_until_its_time_is_up_and_leads_again_later(operators: Operators) -> None:
    operators.lease.down = Unreachable("the API server is away")
    operators.later(LEADS_SECONDS - TURN_SECONDS, operators.one)
    assert operators.one.leads
    operators.later(TURN_SECONDS, operators.one)
    assert not operators.one.leads
    operators.lease.down = None
    assert operators.one.turn()


def test_a_call_that_takes_long_counts_from_its_beginning(operators: Operators) -> None:
    operators.lease.on_write = lambda: operators.pass_by(4)
    operators.one.turn()
    assert operators.one.seconds_left() == LEADS_SECONDS - 4


def test_a_lease_that_was_given_back_is_taken_at_once(operators: Operators) -> None:
    operators.two.turn()
    operators.one.leave()
    assert not operators.one.leads
    assert operators.two.turn()


def test_a_standby_that_leaves_takes_nothing_with_it(operators: Operators) -> None:
    operators.two.turn()
    operators.two.leave()
    assert operators.lease.record is not None
    assert operators.lease.record.holder == "one"


def test_one_that_starts_anew_under_its_name_leads_at_once(operators: Operators) -> None:
    assert operators.made("one").turn()


def test_one_that_lost_the_race_stands_by(operators: Operators) -> None:
    operators.two.turn()
    operators.pass_by(DURATION_SECONDS)

    def faster() -> None:
        operators.lease.on_write = lambda: None
        assert operators.one.turn()

    operators.lease.on_write = faster
    assert not operators.two.turn()
    assert (operators.one.leads, operators.two.leads) == (True, False)


def test_the_clock_of_another_operator_does_not_matter(operators: Operators) -> None:
    assert operators.lease.record is not None
    operators.lease.record = Record("far-away", 15, 3, "1999-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "v9")
    newcomer = operators.made("four")
    assert not newcomer.turn()
    operators.now += DURATION_SECONDS
    assert newcomer.turn()
