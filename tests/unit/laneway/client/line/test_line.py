from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from laneway.client.line.foretell import Foreteller
from laneway.client.line.line import SKEW, Lines
from laneway.client.remote import Figures, Stored
from laneway.errors import PoolUnavailable
from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.worker_report import IDLE_LIVES_SECONDS, RunningJob
from support.inputs.lines import LANE, lane_estimate, report_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.shared.base import Record

PLACE = Place(bucket="acme-llm", prefix="documents/")


@dataclass
class FakeSource:
    """A bucket and a queue; what is named in `refused` is denied."""

    counts: Figures = Figures(0, 0, 0)  # noqa: RUF009 - it is frozen
    objects: dict[str, Stored] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)

    def put(self, key: str, document: Record | bytes, age: float = 0.0) -> None:
        body = document if isinstance(document, bytes) else document.model_dump_json().encode()
        self.objects[key] = Stored(body, '"etag"', {}, age)

    def figures(self, queue_url: str) -> Figures:
        self._call("figures", queue_url)
        return self.counts

    def read(self, key: str) -> Stored | None:
        self._call("read", key)
        return self.objects.get(key)

    def ages(self, folder: str, most: int) -> Mapping[str, float]:
        self._call("list", folder)
        return {key: each.age_seconds for key, each in self.objects.items() if key.startswith(folder)} if most else {}

    def _call(self, kind: str, what: str) -> None:
        self.calls.append(f"{kind} {what}")
        if kind in self.refused:
            raise PoolUnavailable(f"{kind} was refused: AccessDenied")


REPORT = PLACE.worker_report("fast", "worker-1")
ESTIMATE = PLACE.lane_estimate("fast")


def test_a_lane_shows_its_workers_its_oldest_job_and_its_wait() -> None:
    source = FakeSource(Figures(41, 2, 0))
    now = datetime.now(UTC)
    source.put(REPORT, report_with(head_of_line_seconds=3.0, received_at=now - timedelta(seconds=9)))
    source.put(PLACE.worker_report("fast", "w2"), report_with(worker="w2", head_of_line_seconds=7.0, received_at=now))
    source.put(ESTIMATE, lane_estimate())
    line = Lines(source, PLACE).line(LANE)
    assert ([each.worker for each in line.workers], line.ready, line.oldest_seconds) == (["worker-1", "w2"], 2, 7.0)
    assert (line.stage, line.estimate.known, line.missing) == ("serving", "range", ())
    assert line.estimate.median_seconds is not None
    assert line.estimate.median_seconds < 100, "four slots by the reports, where the document still says two"


@pytest.mark.parametrize("serving", [False, True])
def test_where_every_worker_waits_nobody_can_say_when_a_job_begins(serving: bool) -> None:  # noqa: FBT001 - of a table
    source = FakeSource(Figures(4, 1, 0))
    source.put(REPORT, report_with(state="waits", words="no answer from Ollama"))
    source.put(PLACE.worker_report("fast", "w2"), report_with(worker="w2", state="serving" if serving else "waits"))
    source.put(ESTIMATE, lane_estimate())
    found = Lines(source, PLACE).line(LANE).estimate
    assert (found.known, found.ahead) == ("range" if serving else "held_up", 4)
    assert serving or (found.high_seconds, found.note) == (None, "nobody can say: no answer from Ollama")


def test_a_worker_that_waits_is_there_also_where_nothing_is_known_of_the_lane() -> None:
    source = FakeSource(Figures(3, 0, 0))
    source.put(REPORT, report_with(state="waits", words="the model is gone"))
    assert str(Lines(source, PLACE).line(LANE).estimate) == "about 3 ahead, nobody can say: the model is gone"


def test_where_nothing_waits_nothing_is_old() -> None:
    source = FakeSource(Figures(0, 1, 0))
    source.put(REPORT, report_with(head_of_line_seconds=3.0, received_at=datetime.now(UTC)))
    assert Lines(source, PLACE).line(LANE).oldest_seconds is None


@pytest.mark.parametrize(
    ("busy", "age", "lives"), [(True, 59, True), (True, 61, False), (False, 61, True), (False, 121, False)]
)
def test_a_report_that_grows_old_is_of_a_worker_that_has_gone(busy: bool, age: float, lives: bool) -> None:  # noqa: FBT001 - of a table
    source = FakeSource()
    job = RunningJob(id="a", since=datetime.now(UTC), attempt=1)
    source.put(REPORT, report_with(jobs=(job,) if busy else ()), age)
    assert bool(Lines(source, PLACE).reports("fast")) is lives
    if age > IDLE_LIVES_SECONDS:
        assert source.calls == [f"list {PLACE.worker_reports('fast')}"], "what is too old is not even read"


def test_a_workers_own_clock_does_not_matter() -> None:
    source = FakeSource()
    source.put(REPORT, report_with(at=datetime(2000, 1, 1, tzinfo=UTC)))
    assert len(Lines(source, PLACE).reports("fast")) == 1


@pytest.mark.parametrize("ahead", [timedelta(minutes=-50), timedelta(seconds=1), timedelta(hours=2)])
def test_a_clock_that_is_wrong_is_set_right_by_when_the_report_was_written(ahead: timedelta) -> None:
    source, now = FakeSource(), datetime.now(UTC)
    wrong = now + ahead
    job = RunningJob(id="a", since=wrong - timedelta(seconds=40), attempt=1)
    received = wrong - timedelta(seconds=30)
    source.put(
        REPORT,
        report_with(at=wrong - timedelta(seconds=10), jobs=(job,), received_at=received, head_of_line_seconds=60.0),
        10,
    )
    at = now - timedelta(seconds=20)
    source.put(PLACE.worker_report("fast", "w2"), report_with(worker="w2", received_at=at, head_of_line_seconds=7.0))
    source.counts = Figures(1, 1, 0)
    found, _ = Lines(source, PLACE).reports("fast")
    running = (now - found.jobs[0].since).total_seconds()
    assert running == pytest.approx(40, abs=SKEW.total_seconds())
    assert Lines(source, PLACE).line(LANE).oldest_seconds == 7.0, "which was received last"


@pytest.mark.parametrize("year", [1, 9999])
def test_a_clock_at_the_end_of_time_keeps_nobody_from_looking(year: int) -> None:
    source, at = FakeSource(), datetime(year, 6, 1, tzinfo=UTC)
    ends = {"started_at": datetime(1, 1, 1, tzinfo=UTC), "state_since": datetime(9999, 12, 31, tzinfo=UTC)}
    source.put(REPORT, report_with(at=at, received_at=at, head_of_line_seconds=1.0, **ends))
    assert len(Lines(source, PLACE).line(LANE).workers) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff"])
def test_what_is_no_report_is_passed_over(body: bytes) -> None:
    source = FakeSource()
    source.put(REPORT, body)
    source.put(ESTIMATE, body)
    line = Lines(source, PLACE).line(LANE)
    assert (line.workers, line.estimate.known) == ((), "unread")


@pytest.mark.parametrize(
    ("refused", "right"),
    [
        ("figures", "sqs:GetQueueAttributes"),
        ("list", "s3:ListBucket"),
        ("read", "s3:GetObject on documents/estimates/fast.json"),
    ],
)
def test_what_may_not_be_read_is_left_out_and_the_right_is_named(refused: str, right: str) -> None:
    source = FakeSource(Figures(41, 2, 0), refused={refused})
    line = Lines(source, PLACE).line(LANE)
    (missing,) = line.missing
    assert right in missing
    assert (line.figures is None) is (refused == "figures")
    assert line.sees_workers is (refused != "list")


def test_before_there_is_a_worker_the_cluster_knows_the_stage() -> None:
    source = FakeSource()
    assert Lines(source, PLACE).line(LANE, "node starting").stage == "node starting"
    source.put(REPORT, report_with(state="loading"))
    assert Lines(source, PLACE).line(LANE, "node starting").stage == "model loading"


def test_without_a_cluster_a_lane_without_workers_is_at_zero() -> None:
    assert Lines(FakeSource(), PLACE).line(LANE).stage == "at zero"


def test_many_jobs_are_foretold_by_one_look_and_each_stands_behind_the_one_before() -> None:
    source = FakeSource(Figures(40, 2, 0))
    source.put(ESTIMATE, lane_estimate())
    teller = Foreteller(source, PLACE)
    told = [teller.sending(LANE) for _ in range(3)]
    assert [each and each.ahead for each in told] == [40, 41, 42]
    assert len(source.calls) == 2


def test_a_thousand_jobs_are_not_reckoned_one_by_one() -> None:
    source = FakeSource(Figures(40, 2, 0))
    source.put(ESTIMATE, lane_estimate())
    teller = Foreteller(source, PLACE)
    told = [teller.sending(LANE) for _ in range(1000)]
    assert len({each and each.raw_seconds for each in told}) < 100
    first, last = told[0], told[-1]
    assert first is not None
    assert last is not None
    assert last.ahead > 900
    assert (last.raw_seconds or 0) > 15 * (first.raw_seconds or 0)


def test_who_only_asks_stands_in_nobodys_way() -> None:
    source = FakeSource(Figures(40, 2, 0))
    source.put(ESTIMATE, lane_estimate())
    teller = Foreteller(source, PLACE)
    told = [teller.peek(LANE), teller.estimate(LANE), teller.sending(LANE)]
    assert [each and each.ahead for each in told] == [40, 40, 40]


def test_who_may_not_look_sends_all_the_same_and_does_not_ask_each_time() -> None:
    source = FakeSource(refused={"read"})
    teller = Foreteller(source, PLACE)
    assert [teller.sending(LANE) for _ in range(3)] == [None] * 3
    assert len(source.calls) == 1
    with pytest.raises(PoolUnavailable):
        teller.estimate(LANE)


def test_a_lane_that_nobody_knows_is_estimated_by_words_alone() -> None:
    found = Foreteller(FakeSource(Figures(41, 0, 0)), PLACE).estimate(LANE.model_copy(update={"name": "other"}))
    assert (found.ahead, found.known) == (41, "unread")
