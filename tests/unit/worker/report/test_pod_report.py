from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.shared.names import DELETION_COST, REPORT, STAYS
from laneway_worker.errors import ModelPullFailed, ModelUnusable, Refused, Unavailable
from laneway_worker.failing import Failing
from laneway_worker.report.pod_report import Standing, Written, changes

FRESH = Written()
TIMES = st.floats(min_value=0, max_value=1e12)


def cost(standing: Standing, now: float, written: Written = FRESH) -> str | None:
    return changes(standing, written, now).get(DELETION_COST)


def told(cost: str, at: float = 0) -> Written:
    return Written().after({DELETION_COST: cost, REPORT: None}, at)


def trouble(now: float = 0, engine: Failing | None = None, aws: Failing | None = None) -> dict[str, str] | None:
    text = changes(Standing(engine=engine, aws=aws), FRESH, now)[REPORT]
    return None if text is None else dict(json.loads(text))


def passing(since: float = 0, message: str = "it is down") -> Failing:
    return Failing(since, message, lasting=False)


def lasting(message: str = "it is refused") -> Failing:
    return Failing(0, message, lasting=True)


# What deleting the pod would cost


def test_a_fresh_worker_clears_what_an_earlier_process_may_have_left() -> None:
    assert changes(Standing(), FRESH, 0) == {DELETION_COST: "0", REPORT: None}


def test_a_job_costs_at_once() -> None:
    assert cost(Standing(running_since=100), 100, told("0")) == "10"


@pytest.mark.parametrize(("age", "expected"), [(0, "10"), (0.9, "10"), (1, "11"), (299.5, "309")])
def test_the_cost_grows_with_the_whole_seconds_of_the_oldest_job(age: float, expected: str) -> None:
    assert cost(Standing(running_since=50), 50 + age, told("0")) == expected


@pytest.mark.parametrize(("since", "refreshed"), [(29.9, None), (30, "40")])
def test_a_cost_is_refreshed_after_thirty_seconds(since: float, refreshed: str | None) -> None:
    assert cost(Standing(running_since=0), since, told("10", at=0)) == refreshed


@pytest.mark.parametrize(("idle", "expected"), [(0, None), (29.9, None), (30, "0"), (3600, "0")])
def test_an_idle_worker_costs_nothing_after_thirty_seconds(idle: float, expected: str | None) -> None:
    assert cost(Standing(idle_since=100), 100 + idle, told("250")) == expected


def test_a_job_that_follows_soon_changes_nothing() -> None:
    assert cost(Standing(running_since=10, idle_since=9), 10, told("10", at=0)) is None


def test_what_stands_already_is_not_written_again() -> None:
    assert changes(Standing(), told("0"), 0) == {}


def test_a_younger_oldest_job_lowers_the_cost() -> None:
    assert cost(Standing(running_since=90), 100, told("500", at=70)) == "20"


# What keeps node autoscalers from the pod's node

HOLDING = Standing(holds_node=True)
STAYS_NO_MORE = dict.fromkeys(STAYS)


def stays(standing: Standing, now: float, written: Written) -> dict[str, str | None]:
    return {name: value for name, value in changes(standing, written, now).items() if name in STAYS}


def test_a_busy_worker_asks_for_its_node_to_stay_with_its_first_cost() -> None:
    there = Written().after(changes(HOLDING, FRESH, 0), 0)
    busy = replace(HOLDING, running_since=100)
    assert changes(busy, there, 100) == {DELETION_COST: "10", **STAYS}
    assert set(STAYS.items()) == {
        ("karpenter.sh/do-not-disrupt", "true"),
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
    }
    again = there.after(changes(busy, there, 100), 100)
    assert changes(busy, again, 130) == {DELETION_COST: "40"}


@pytest.mark.parametrize(("idle", "expected"), [(29.9, {}), (30, STAYS_NO_MORE)])
def test_an_idle_worker_lets_its_node_go_after_thirty_seconds(idle: float, expected: dict[str, None]) -> None:
    busy = Written().after(changes(replace(HOLDING, running_since=0), FRESH, 0), 0)
    assert stays(replace(HOLDING, idle_since=100), 100 + idle, busy) == expected


def test_a_fresh_worker_lets_go_what_an_earlier_process_held() -> None:
    assert stays(HOLDING, 0, FRESH) == STAYS_NO_MORE


def test_where_the_pool_says_itself_what_its_pods_ask_for_a_worker_touches_none_of_it() -> None:
    assert changes(Standing(running_since=0), FRESH, 0).keys() == {DELETION_COST, REPORT}
    assert changes(Standing(), FRESH, 0).keys() == {DELETION_COST, REPORT}


@given(since=TIMES, now=TIMES)
def test_a_cost_is_an_int32(since: float, now: float) -> None:
    told_cost = cost(Standing(running_since=min(since, now)), max(since, now), told("0"))
    assert told_cost is not None
    assert 10 <= int(told_cost) <= 2**31 - 1


# What keeps a worker from serving


def test_a_well_worker_has_no_trouble() -> None:
    assert trouble() is None


def test_an_unusable_model_is_told_at_once() -> None:
    assert trouble(engine=lasting("no such model")) == {"code": "model_unusable", "message": "no such model"}


@pytest.mark.parametrize(
    ("error", "code"), [(ModelUnusable, "model_unusable"), (ModelPullFailed, "model_pull_failed")], ids=str
)
def test_a_model_that_can_not_be_had_is_told_apart(error: type[Unavailable], code: str) -> None:
    failing = Failing.again(None, error("no such model", "correct its name"), 0)
    assert trouble(engine=failing) == {"code": code, "message": "no such model; correct its name"}


@pytest.mark.parametrize(("seconds", "code"), [(59, None), (60, "engine_down")])
def test_an_engine_that_is_down_is_told_after_a_minute(seconds: float, code: str | None) -> None:
    told_trouble = trouble(100 + seconds, engine=passing(since=100))
    assert (told_trouble or {}).get("code") == code


def test_an_engine_that_is_down_says_where_to_look() -> None:
    assert "log" in (trouble(60, engine=passing()) or {})["message"]


def test_a_refusal_of_aws_is_told_at_once() -> None:
    assert trouble(aws=lasting("AccessDenied")) == {"code": "aws_refused", "message": "AccessDenied"}


@pytest.mark.parametrize(("seconds", "code"), [(59, None), (60, "aws_unavailable")])
def test_an_outage_of_aws_is_told_after_a_minute(seconds: float, code: str | None) -> None:
    told_trouble = trouble(100 + seconds, aws=passing(since=100))
    assert (told_trouble or {}).get("code") == code


def test_the_engines_trouble_goes_first() -> None:
    assert (trouble(engine=lasting(), aws=lasting()) or {})["code"] == "model_unusable"


def test_trouble_of_aws_is_told_while_the_engine_only_restarts() -> None:
    assert (trouble(engine=passing(), aws=lasting()) or {})["code"] == "aws_refused"


def test_a_message_is_one_bounded_line() -> None:
    text = changes(Standing(engine=lasting("a\nb  c " + "é" * 2000)), FRESH, 0)[REPORT]
    assert text is not None
    assert "\n" not in text
    message = json.loads(text)["message"]
    assert message.startswith("a b c é")
    assert len(message) == 512


def test_trouble_that_is_over_is_removed() -> None:
    there = Written().after(changes(Standing(engine=lasting()), FRESH, 0), 0)
    assert changes(Standing(), there, 1) == {REPORT: None}


def test_another_cause_is_a_change() -> None:
    there = Written().after(changes(Standing(engine=lasting("one")), FRESH, 0), 0)
    assert json.loads(changes(Standing(engine=lasting("two")), there, 1)[REPORT] or "")["message"] == "two"


# What counts as lasting


@pytest.mark.parametrize(("error", "expected"), [(ModelUnusable, True), (Refused, True), (Unavailable, False)])
def test_some_trouble_does_not_pass_by_itself(error: type[Unavailable], *, expected: bool) -> None:
    assert Failing.again(None, error("no"), 0).lasting is expected


def test_trouble_counts_from_its_first_failure() -> None:
    first = Failing.again(None, Unavailable("down"), 10)
    assert Failing.again(first, Refused("no", "allow it"), 20) == Failing(10, "no; allow it", lasting=True)
