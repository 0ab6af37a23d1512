from __future__ import annotations

from typing import Any

import pytest

from laneway_gateway.doors.asking.terms import Terms, terms_of
from laneway_gateway.doors.asking.tiers import lane_meant, tier_of, unheeded, with_first
from support.inputs.offers import OFFERS

OTHER: tuple[Any, ...] = ("auto", "default", "scale", "", None, 1, ["flex"], {})
LANES = {"flex": "slow", "priority": "fast", "tasks": "vectors"}


@pytest.mark.parametrize(
    ("body", "tier"),
    [
        ({"service_tier": "flex"}, "flex"),
        ({"service_tier": "priority"}, "priority"),
        *(({"service_tier": each}, None) for each in OTHER),
        ({}, None),
        ([], None),
        ("flex", None),
    ],
)
def test_two_tiers_are_known_and_nothing_else_is_one(body: Any, tier: str | None) -> None:
    assert tier_of(body) == tier


@pytest.mark.parametrize(
    ("terms", "tier", "lane"),
    [
        (Terms(), None, None),
        (Terms(), "flex", "slow"),
        (Terms(), "priority", "fast"),
        (Terms(task=True), None, "vectors"),
        (Terms(task=True), "priority", "vectors"),
        (Terms(lane="fast", task=True), "flex", None),
    ],
)
def test_a_lane_that_is_named_comes_before_a_task_and_that_before_a_tier(
    terms: Terms, tier: str | None, lane: str | None
) -> None:
    assert lane_meant(terms, tier, LANES) == lane


def test_where_nothing_is_set_nothing_is_meant() -> None:
    assert lane_meant(Terms(task=True), "flex", {}) is None
    assert lane_meant(Terms(task=True), "flex", {"flex": "slow"}) == "slow"


def test_the_lane_comes_first_if_it_is_the_callers() -> None:
    assert [each.lane.name for each in with_first("slow", OFFERS)] == ["slow", "fast", "vectors"]
    assert with_first("slow", OFFERS[:1]) == OFFERS[:1]
    assert with_first(None, OFFERS) == OFFERS


def test_a_tier_that_is_not_heeded_is_named() -> None:
    assert unheeded("flex", "slow", "fast") == ("service_tier",)
    assert unheeded("flex", None, "fast") == ("service_tier",)
    assert unheeded("flex", "slow", "slow") == unheeded(None, None, "fast") == ()


@pytest.mark.parametrize(
    ("header", "task"), [("title_generation", True), ("", False), (" ", False), ("{{TASK}}", False)]
)
def test_a_task_is_what_open_webui_fills_in(header: str, task: bool) -> None:  # noqa: FBT001 - a table's column
    assert terms_of({"x-laneway-task": header}).task is task
