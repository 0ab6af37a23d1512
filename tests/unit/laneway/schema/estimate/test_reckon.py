from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from laneway.schema.estimate.correct import corrected, depth_of
from laneway.schema.estimate.estimate import Estimate, range_words
from laneway.schema.estimate.reckon import Asked, estimate
from laneway.schema.pool.documents.lane_estimate import Correction, Starting, Starts
from laneway.schema.pool.schedules.schedule import Period
from support.inputs.lines import NOW, RUNS, lane_estimate

ASKED = Asked(lane="fast", ahead=41, running=2, now=NOW)
NIGHT = (Period(timezone="Europe/Paris", start="0 20 * * *", end="0 6 * * *"),)


def test_of_forty_one_ahead_with_two_slots_it_is_about_three_minutes() -> None:
    found = estimate(ASKED, lane_estimate())
    assert found.low_seconds is not None
    assert found.high_seconds is not None
    assert 150 < found.low_seconds < 164 < found.high_seconds < 180
    assert str(found) == "about 41 ahead, 3 min"


def test_the_same_is_reckoned_again_from_the_same() -> None:
    assert estimate(ASKED, lane_estimate()) == estimate(ASKED, lane_estimate())
    assert estimate(replace(ASKED, seed=1), lane_estimate()) != estimate(ASKED, lane_estimate())


def test_with_a_free_slot_and_nobody_ahead_it_begins_at_once() -> None:
    found = estimate(replace(ASKED, ahead=0, running=0), lane_estimate())
    assert str(found) == "nobody ahead, at once"


def test_a_running_job_is_waited_for_as_long_as_its_like_ran() -> None:
    known = lane_estimate(slots=1, running=(5.9,))
    soon = estimate(replace(ASKED, ahead=0, running=1), known)
    assert soon.high_seconds is not None
    assert soon.high_seconds <= 4.1


def test_what_the_queue_says_to_run_counts_where_the_document_is_behind() -> None:
    found = estimate(replace(ASKED, running=4), lane_estimate())
    assert found.median_seconds is not None
    assert found.median_seconds < 100


def test_workers_on_their_way_help_once_they_are_there() -> None:
    alone = estimate(ASKED, lane_estimate())
    helped = estimate(ASKED, lane_estimate(parallel=2, starting=(Starting(stage="model", seconds=20.0),)))
    assert alone.median_seconds is not None
    assert helped.median_seconds is not None
    assert helped.median_seconds < 0.6 * alone.median_seconds
    assert helped.standing == "starting"


def test_a_lane_at_zero_begins_after_a_start() -> None:
    found = estimate(replace(ASKED, ahead=0, running=0), lane_estimate(slots=0, workers=0))
    assert (found.low_seconds, found.high_seconds, found.standing) == (90.0, 90.0, "zero")
    assert str(found) == "nobody ahead, 2 min, the lane is at zero: a worker is started for it"


def test_a_document_that_nobody_writes_any_more_is_of_a_lane_at_zero() -> None:
    found = estimate(replace(ASKED, ahead=0, running=0, age_seconds=3600), lane_estimate())
    assert found.standing == "zero"


def test_a_lane_at_zero_whose_start_nobody_has_seen_has_no_estimate() -> None:
    found = estimate(replace(ASKED, running=0), lane_estimate(slots=0, starts=Starts(engine=(1.0,), model=(1.0,))))
    assert (found.known, found.range_words) == ("no_start_times", "")


@pytest.mark.parametrize("count", [0, 1, 19])
def test_of_few_jobs_there_is_no_estimate_yet(count: int) -> None:
    found = estimate(ASKED, lane_estimate(run_seconds=RUNS[:count]))
    assert str(found) == f"about 41 ahead, no estimate yet: {count} of 20 finished jobs are known"


def test_of_twenty_jobs_there_is_one() -> None:
    assert estimate(ASKED, lane_estimate(run_seconds=RUNS[:20])).known == "range"


def test_without_a_document_there_is_none() -> None:
    assert estimate(ASKED, None).known == "unread"


def test_a_lane_that_sleeps_says_when_it_wakes() -> None:
    night = datetime(2026, 11, 28, 23, 30, tzinfo=ZoneInfo("Europe/Paris"))
    found = estimate(replace(ASKED, now=night), lane_estimate(quiet=NIGHT))
    assert found.wakes_at == datetime(2026, 11, 29, 6, tzinfo=ZoneInfo("Europe/Paris"))
    assert found.note == "sleeps until Sun 05:00 UTC"
    assert found.low_seconds is not None
    assert found.low_seconds > 6.5 * 3600


def test_a_lane_that_sleeps_is_known_to_also_where_nothing_else_is() -> None:
    night = datetime(2026, 11, 28, 23, 30, tzinfo=ZoneInfo("Europe/Paris"))
    assert estimate(replace(ASKED, now=night), lane_estimate(quiet=NIGHT, run_seconds=())).known == "asleep"


def test_two_nights_that_follow_each_other_are_one_sleep() -> None:
    later = Period(timezone="Europe/Paris", start="0 5 * * *", end="0 9 * * *")
    night = datetime(2026, 11, 28, 23, 30, tzinfo=ZoneInfo("Europe/Paris"))
    found = estimate(replace(ASKED, now=night), lane_estimate(quiet=(*NIGHT, later)))
    assert found.wakes_at == datetime(2026, 11, 29, 9, tzinfo=ZoneInfo("Europe/Paris"))


def test_a_lane_that_somebody_stopped_promises_nothing() -> None:
    found = estimate(ASKED, lane_estimate(suspended=True))
    assert (found.known, found.range_words) == ("asleep", "")


def test_a_lane_whose_jobs_wait_longer_and_longer_while_no_worker_comes_says_so() -> None:
    grows, wavers = (1.0, 2.0, 3.0), (3.0, 2.0, 3.0)
    assert "and growing" in str(estimate(ASKED, lane_estimate(head_of_line_seconds=grows)))
    assert estimate(ASKED, lane_estimate(head_of_line_seconds=wavers)).note == ""
    coming = (Starting(stage="model", seconds=1.0),)
    assert estimate(ASKED, lane_estimate(head_of_line_seconds=grows, starting=coming)).note == ""


def test_how_earlier_estimates_came_out_moves_the_range() -> None:
    ratios = tuple(1.4 + number / 100 for number in range(40))
    known = lane_estimate(corrections=(Correction(depth="tens", standing="ready", ratios=ratios),))
    found, plain = estimate(ASKED, known), estimate(ASKED, lane_estimate())
    assert found.raw_seconds == plain.raw_seconds
    assert found.low_seconds is not None
    assert plain.high_seconds is not None
    assert found.low_seconds > plain.high_seconds


def test_those_of_another_depth_do_not() -> None:
    known = lane_estimate(corrections=(Correction(depth="few", standing="ready", ratios=(2.0,) * 50),))
    assert estimate(ASKED, known) == estimate(ASKED, lane_estimate())


def test_nor_do_fewer_than_twenty() -> None:
    assert corrected([1.0, 2.0, 3.0], (2.0,) * 19) == corrected([1.0, 2.0, 3.0], ())


@pytest.mark.parametrize(("ahead", "depth"), [(0, "few"), (8, "few"), (9, "tens"), (80, "tens"), (81, "hundreds")])
def test_lines_are_of_three_depths(ahead: int, depth: str) -> None:
    assert depth_of(ahead) == depth


def test_a_very_long_line_is_reckoned_too() -> None:
    found = estimate(replace(ASKED, ahead=1_000_000), lane_estimate())
    assert found.median_seconds == pytest.approx(4_000_000, rel=0.01)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 0.4, "at once"),
        (0.2, 3, "0-3 s"),
        (20, 20.2, "20 s"),
        (40, 89, "40-89 s"),
        (160, 300, "3-5 min"),
        (50, 100, "1-2 min"),
        (3600, 5399, "60-90 min"),
        (7000, 10_800, "2-3 h"),
        (80_000, 80_001, "22 h"),
    ],
)
def test_two_times_are_told_in_one_unit(low: float, high: float, words: str) -> None:
    assert range_words(low, high) == words


def test_an_estimate_may_say_more_than_its_range() -> None:
    told = Estimate(lane="fast", known="range", ahead=41, low_seconds=170, high_seconds=310, note="node starting")
    assert str(told) == "about 41 ahead, 3-5 min, node starting"


def test_time_passes_for_what_was_written_a_while_ago() -> None:
    known = lane_estimate(slots=0, starting=(Starting(stage="model", seconds=0.0),))
    asked = replace(ASKED, ahead=0, running=0)
    early, late = estimate(asked, known), estimate(replace(asked, age_seconds=20), known)
    assert (early.median_seconds, late.median_seconds) == (25.0, 5.0)
    assert late.note == "model loading"


def test_who_has_begun_since_the_queue_was_asked_is_ahead_no_more() -> None:
    assert estimate(replace(ASKED, looked_seconds=4.0), lane_estimate()).ahead == 40
    assert estimate(replace(ASKED, looked_seconds=4000.0), lane_estimate()).ahead == 0


def test_what_ran_longer_ago_than_a_job_runs_says_nothing_of_what_runs_now() -> None:
    asked = replace(ASKED, ahead=0, age_seconds=60.0)
    long_ago = estimate(asked, lane_estimate(running=(100.0, 100.0)))
    assert long_ago == estimate(asked, lane_estimate())
    assert long_ago.high_seconds is not None
    assert long_ago.high_seconds < 10
