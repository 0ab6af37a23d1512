from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from laneway_operator.known.observe import DeploymentFacts
from laneway_operator.settings import Budget, parse_budget
from laneway_operator.turns.line import SHOWN_SECONDS, Line

if TYPE_CHECKING:
    from laneway_operator.known.observe import LaneKey

OLD = DeploymentFacts(replicas=1, ready=1, template="old")
NEW = replace(OLD, template="new")
POOL, OTHER = ("nlp", "documents"), ("nlp", "letters")
EARLY, LATE = "2026-11-22T18:00:00Z", "2026-11-22T19:00:00Z"
GIVES_UP = 5  # looks until a rollout is stuck


def line_of(waiting: dict[LaneKey, str], budget: str = "1") -> Line:
    line = Line(parse_budget(budget))
    for pool in {pool for pool, _ in waiting}:
        line.passed(pool, {lane: since for (each, lane), since in waiting.items() if each == pool}, {}, 0.0)
    return line


TWO: dict[LaneKey, str] = {(POOL, "fast"): LATE, (OTHER, "fast"): EARLY}
FLEET = dict.fromkeys(TWO, OLD)


def test_nobody_begins_before_it_is_given_a_turn() -> None:
    line = line_of({})
    assert line.turn_of(POOL, 0.0).lanes == frozenset()
    assert line.turn_of(POOL, 0.0).ahead_of("fast") == 0


def test_the_pool_whose_turn_it_is_is_looked_at_and_others_are_told_how_many_are_before_them() -> None:
    line = line_of(TWO)
    assert line.give(FLEET, 0.0) == {OTHER}
    assert (line.turn_of(POOL, 0.0).lanes, line.turn_of(POOL, 0.0).ahead_of("fast")) == (frozenset(), 1)
    assert line.turn_of(POOL, 0.0).ahead_of("slow") == 2
    assert line.turn_of(OTHER, 0.0).lanes == {"fast"}


def test_a_turn_is_one_until_the_cluster_shows_its_end() -> None:
    line = line_of(TWO)
    line.give(FLEET, 0.0)
    line.turn_of(OTHER, 0.0)
    assert line.give(FLEET, 2.0) == set(), "while its pass is under way"
    line.passed(OTHER, {}, {"fast": "new"}, 3.0)
    assert line.give(FLEET, 4.0) == set(), "until its Deployment is seen"
    assert (line.rolling, line.waiting) == (1, 1)
    assert line.give(FLEET | {(OTHER, "fast"): replace(NEW, outdated=1)}, 6.0) == set(), "while workers are replaced"
    assert line.give(FLEET | {(OTHER, "fast"): NEW}, 8.0) == {POOL}


def test_a_pass_that_fails_gives_its_turn_away_and_asks_again() -> None:
    line = line_of(TWO)
    line.give(FLEET, 0.0)
    line.turn_of(OTHER, 0.0)
    line.forget(OTHER)
    assert line.give(FLEET, 2.0) == {POOL}


def test_one_that_has_no_use_for_its_turn_gives_it_away() -> None:
    line = line_of(TWO)
    line.give(FLEET, 0.0)
    line.turn_of(OTHER, 0.0)
    line.passed(OTHER, {}, {}, 1.0)
    assert line.give(FLEET, 2.0) == {POOL}


def test_one_that_is_looked_at_again_before_its_deployment_is_seen_keeps_its_turn() -> None:
    line = line_of(TWO)
    line.give(FLEET, 0.0)
    line.turn_of(OTHER, 0.0)
    line.passed(OTHER, {}, {"fast": "new"}, 1.0)
    assert line.turn_of(OTHER, 2.0).lanes == {"fast"}


def test_a_template_that_something_else_changes_back_is_waited_for_for_two_minutes() -> None:
    line = line_of(TWO)
    line.give(FLEET, 0.0)
    line.turn_of(OTHER, 0.0)
    line.passed(OTHER, {}, {"fast": "new"}, 1.0)
    assert line.give(FLEET, SHOWN_SECONDS) == set()
    assert line.give(FLEET, SHOWN_SECONDS + 2) == {POOL}


def test_a_pool_that_is_deleted_with_a_turn_gives_it_away() -> None:
    line = line_of(TWO)
    line.give(FLEET, 0.0)
    line.turn_of(OTHER, 0.0)
    line.passed(OTHER, {}, {"fast": "new"}, 1.0)
    line.forget(OTHER)
    assert line.give({(POOL, "fast"): OLD}, 2.0) == {POOL}


@dataclass
class Lane:
    """A lane that is to be replaced, in a cluster that shows what happens some looks later."""

    takes: int
    """Looks until its workers are replaced."""
    lags: int
    """Looks until the cluster shows that it began."""
    broken: bool
    """No worker of the new kind ever comes up."""
    began: int | None = None

    def rolls(self, now: int) -> bool:
        lasts = GIVES_UP if self.broken else self.takes
        return self.began is not None and now < self.began + self.lags + lasts

    def facts(self, now: int) -> DeploymentFacts:
        if self.began is None or now < self.began + self.lags:
            return OLD
        if self.rolls(now):
            return replace(NEW, outdated=1)
        return replace(NEW, outdated=1, stuck=True) if self.broken else NEW


LANES = st.builds(Lane, st.integers(1, 4), st.integers(0, 3), st.booleans())
BUDGETS = st.one_of(st.builds(Budget, lanes=st.integers(1, 4)), st.builds(Budget, percent=st.integers(1, 100)))


@settings(deadline=None)
@given(st.lists(LANES, min_size=1, max_size=12), BUDGETS, st.sets(st.integers(0, 40)))
def test_the_budget_is_never_exceeded_and_everybody_gets_a_turn(
    lanes: list[Lane], budget: Budget, restarts: set[int]
) -> None:
    fleet = {(("nlp", f"pool-{number // 2}"), f"lane-{number}"): lane for number, lane in enumerate(lanes)}
    line, order = Line(budget), []
    for now in range(sum(max(each.takes, GIVES_UP) + each.lags + 2 for each in lanes) + len(restarts) + 2):
        if now in restarts:  # a new operator remembers nothing, and has listed all there is
            line = Line(budget)
            for lane in lanes:
                lane.lags = 0 if lane.began is not None else lane.lags
        for pool in {pool for pool, _ in fleet}:
            turn = line.turn_of(pool, float(now))
            begin = [name for (each, name) in fleet if each == pool and name in turn.lanes]
            for name in begin:
                if fleet[pool, name].began is None:
                    fleet[pool, name].began = now
                    order.append((pool, name))
            waits = {name: EARLY for (each, name), lane in fleet.items() if each == pool and lane.began is None}
            line.passed(pool, waits, dict.fromkeys(begin, "new"), float(now))
        assert sum(each.rolls(now) for each in lanes) <= budget.most(len(lanes))
        line.give({key: lane.facts(now) for key, lane in fleet.items()}, float(now))
    assert all(each.began is not None for each in lanes)
    assert order == sorted(order) or budget.most(len(lanes)) > 1
