from __future__ import annotations

from datetime import timedelta

from laneway.client.line.line import NO_REPORTS, LaneLine
from laneway.client.remote import Figures
from laneway.schema.estimate.estimate import Estimate
from laneway.schema.job.result import ServedModel
from laneway.schema.pool.documents.worker_report import SLEEPS, RunningJob, State, WorkerReport
from laneway.schema.pool.schedules.schedule import Period
from laneway_dashboard.adapters.watching import lane_of, sleep_of
from laneway_dashboard.testing.clock import START
from support.inputs import documents

LANE = documents.lane("slow", "https://sqs.eu-west-1.amazonaws.com/1/slow")
QUIET = Period(timezone="Europe/Paris", start="0 13 * * *", end="0 20 * * *")


def report(state: State = "serving", words: str = "") -> WorkerReport:
    return WorkerReport(
        worker="w-1", lane="slow", state=state, words=words, at=START, started_at=START, state_since=START, slots=2,
        jobs=(RunningJob(id="a", since=START, attempt=2, tokens=7),), tokens_per_second=50.0,
        model=ServedModel(name="m"),
    )  # fmt: skip


def test_a_lane_with_workers_and_an_estimate() -> None:
    told = Estimate(lane="slow", known="range", ahead=41, low_seconds=180.0, high_seconds=300.0)
    seen = lane_of(LANE, LaneLine("slow", Figures(41, 1, 0), 192.0, (report(),), "serving", told), START)
    assert (seen.queued, seen.running, seen.oldest_seconds, seen.trouble, seen.no_estimate) == (
        41,
        1,
        192.0,
        None,
        None,
    )
    assert seen.estimate is not None
    assert (seen.estimate.ahead, seen.estimate.least_seconds) == (41, 180.0)
    assert seen.workers is not None
    worker = seen.workers[0]
    assert (worker.name, worker.told, worker.jobs[0].tokens, worker.is_held_up) == ("w-1", "serving", 7, False)


def test_a_worker_that_waits_says_for_what() -> None:
    told = Estimate(lane="slow", known="too_few", ahead=0)
    seen = lane_of(LANE, LaneLine("slow", None, None, (report("waits", "waits for Ollama"),), "", told), START)
    assert seen.workers is not None
    assert (seen.workers[0].told, seen.workers[0].is_held_up) == ("waits for Ollama", True)
    assert (seen.queued, seen.no_estimate, seen.stage) == (None, "no estimate yet", None)


def test_a_worker_that_rests_with_its_lane_is_not_held_up() -> None:
    told = Estimate(lane="slow", known="too_few", ahead=0)
    seen = lane_of(LANE, LaneLine("slow", None, None, (report("waits", SLEEPS),), "", told), START)
    assert seen.workers is not None
    assert not seen.workers[0].is_held_up


def test_what_a_paused_lane_and_one_that_is_held_up_say_instead_of_a_time() -> None:
    told = Estimate(lane="slow", known="range", ahead=0, low_seconds=0.0, high_seconds=0.5)
    paused = lane_of(LANE, LaneLine("slow", Figures(0, 0, 0), None, (), "", told), START, paused=True)
    assert (paused.estimate, paused.no_estimate, paused.paused) == (None, "when it is resumed", True)
    held = Estimate(lane="slow", known="held_up", ahead=0, note="nobody can say: no answer")
    assert lane_of(LANE, LaneLine("slow", None, None, (), "", held), START).no_estimate == "nobody can say"


def test_what_the_reader_may_not_see_is_said() -> None:
    told = Estimate(lane="slow", known="asleep", ahead=3, wakes_at=START + timedelta(hours=5))
    missing = (NO_REPORTS.format("AccessDenied", "documents/workers/slow/"),)
    seen = lane_of(
        LANE, LaneLine("slow", Figures(3, 0, 0), None, (), "asleep", told, missing, sees_workers=False), START
    )
    assert seen.workers is None
    assert seen.trouble == missing[0]
    assert seen.no_estimate == "wakes at 19:30 UTC"


def test_a_schedule_says_when_it_turns() -> None:
    now = sleep_of(QUIET, START)
    assert (now.asleep, now.turns_at) == (True, START + timedelta(hours=4, minutes=30))
    later = sleep_of(QUIET, START + timedelta(hours=5))
    assert (later.asleep, later.turns_at) == (False, START + timedelta(hours=21, minutes=30))
