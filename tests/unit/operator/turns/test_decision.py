from __future__ import annotations

from dataclasses import replace

import pytest

from laneway_operator.known.observe import DeploymentFacts
from laneway_operator.settings import parse_budget
from laneway_operator.turns.decision import has_turn, in_order, needs_turn, next_turns

SETTLED = DeploymentFacts(replicas=1, ready=1, template="old")
ROLLING = replace(SETTLED, outdated=1)
STUCK = replace(ROLLING, stuck=True)
A, B, C = ((("nlp", pool), "fast") for pool in "abc")


@pytest.mark.parametrize(
    ("facts", "needs"),
    [
        pytest.param(SETTLED, True, id="workers serve"),
        pytest.param(replace(SETTLED, template=None), True, id="made by an older operator"),
        pytest.param(replace(SETTLED, template="new"), False, id="the same template"),
        pytest.param(None, False, id="never made"),
        pytest.param(replace(SETTLED, replicas=0, ready=0), False, id="at zero or suspended"),
        pytest.param(replace(SETTLED, replicas=0), False, id="on its way to zero"),
        pytest.param(replace(SETTLED, ready=0), False, id="serves nothing"),
        pytest.param(ROLLING, False, id="in the midst of one"),
        pytest.param(STUCK, False, id="back from one that is stuck"),
        pytest.param(replace(SETTLED, stale=True), True, id="was just scaled"),
    ],
)
def test_who_needs_a_turn(facts: DeploymentFacts | None, *, needs: bool) -> None:
    assert needs_turn(facts, "new") is needs


@pytest.mark.parametrize(
    ("facts", "has"),
    [
        pytest.param(SETTLED, False, id="nothing is replaced"),
        pytest.param(ROLLING, True, id="workers are replaced"),
        pytest.param(replace(SETTLED, stale=True), True, id="Kubernetes has not looked yet"),
        pytest.param(STUCK, False, id="stuck"),
        pytest.param(replace(STUCK, stale=True), True, id="was stuck, and was changed since"),
        pytest.param(replace(ROLLING, paused=True), False, id="paused by hand"),
        pytest.param(replace(ROLLING, ready=0), False, id="serves nothing"),
        pytest.param(replace(ROLLING, replicas=0, ready=0), False, id="at zero"),
    ],
)
def test_who_has_one(facts: DeploymentFacts, *, has: bool) -> None:
    assert has_turn(facts) is has


def test_who_has_waited_longest_is_first() -> None:
    waiting = {C: "2026-11-22T18:00:00Z", A: "2026-11-22T18:00:01Z", B: "2026-11-22T18:00:00Z"}
    assert in_order(waiting) == [B, C, A]


@pytest.mark.parametrize(
    ("budget", "first", "taken", "begin"),
    [
        pytest.param("1", SETTLED, [], [B], id="one may"),
        pytest.param("2", SETTLED, [], [B, C], id="two may"),
        pytest.param("1", ROLLING, [], [], id="one does"),
        pytest.param("2", ROLLING, [], [B], id="one of two does"),
        pytest.param("1", STUCK, [], [B], id="a stuck one keeps nobody waiting"),
        pytest.param("1", SETTLED, [A], [], id="one was given a turn"),
        pytest.param("2", ROLLING, [A], [B], id="and shows it: counted once"),
        pytest.param("1", SETTLED, [B], [], id="in the line and begun"),
        pytest.param("0", SETTLED, [], [], id="none may"),
        pytest.param("100%", ROLLING, [], [B, C], id="everybody may"),
    ],
)
def test_who_is_next(budget: str, first: DeploymentFacts, taken: list[object], begin: list[object]) -> None:
    fleet = {A: first, B: SETTLED, C: SETTLED}
    assert next_turns(parse_budget(budget), fleet, taken, [B, C]) == begin  # type: ignore[arg-type] # because pytest gives lists


def test_a_part_is_of_the_lanes_that_have_workers() -> None:
    fleet = {(("nlp", "a"), f"lane-{number}"): replace(SETTLED, replicas=number % 2) for number in range(40)}
    line = list(fleet)[1::2]
    assert next_turns(parse_budget("10%"), fleet, [], line) == line[:2]
