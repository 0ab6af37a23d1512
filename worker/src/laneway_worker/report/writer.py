"""Writes a worker's report, and its lane's estimate document, in a thread of its own: no job waits for either."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from laneway.logs import log_defect
from laneway.schema.pool.documents.lane_estimate import MAX_ESTIMATE_BYTES, LaneEstimate
from laneway.schema.pool.documents.worker_report import IDLE_LIVES_SECONDS, MAX_REPORT_BYTES, WorkerReport
from laneway.schema.pool.schedules.schedule import asleep
from laneway.schema.shared.base import read_or_none
from laneway_worker.errors import AbsentError, AlreadyThereError, TooLargeError, Unavailable
from laneway_worker.report.estimates import Around, Came, merged
from laneway_worker.report.saying import BUSY_SECONDS, IDLE_SECONDS, LEAST_SECONDS, Course, pause, report_of, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.worker_report import State
    from laneway_worker.live import Live
    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.objects import ReportStore
    from laneway_worker.report.saying import Bearing, Facts
    from laneway_worker.report.tally import Tally

log = logging.getLogger(__name__)

LANE_SECONDS = 60.0  # between two writes of the lane's document by all of its workers together
FIRST_LANE_SECONDS = 15.0
LONGEST_LANE_SECONDS = 600.0  # for each of many workers
MOST_LISTED = 1000  # one page of S3's: those that killed workers left lie there for days
MOST_REPORTS = 100  # of other workers are read for it
MOST_NODE_SECONDS = 1800.0  # a job that waited longer for the first worker waited for something else

M = TypeVar("M", bound=BaseModel)


class Writer:
    """The loop of one thread; what it can't write harms nobody."""

    def __init__(
        self,
        config: LaneConfig,
        live: Live,
        store: ReportStore,
        tally: Tally,
        bearing: Callable[[], Bearing],
        facts: Callable[[str], Facts],
        clock: Clock,
        changed: Condition,
        over: Callable[[], bool],
        worker: str,
    ) -> None:
        """`bearing` and `facts` are called under `changed`, the worker's one condition; `over` says when to end."""
        self._live = live
        self._store = store
        self._tally = tally
        self._bearing = bearing
        self._facts = facts
        self._clock = clock
        self._changed = changed
        self._over = over
        self._lane, self._parallel = config.lane, config.parallel
        self._place = config.results
        self._key = config.results.worker_report(config.lane, worker)
        self._course = Course(clock.now(), "starting", clock.now())
        self._written_at = -IDLE_SECONDS
        self._told: State | None = None
        self._lane_at = clock.monotonic() + FIRST_LANE_SECONDS
        self._known = Came()
        self._failed = False
        self.gone = False
        """Whether the last word is said."""

    def run(self) -> None:
        """Write what is due, until the worker ends; then remove the report, and say what the lane should keep."""
        try:
            while not self._over():
                self._guarded(self._turn)
                with self._changed:
                    self._changed.wait_for(lambda: self._over() or self._sees_nothing, LEAST_SECONDS)
                    self._changed.wait_for(lambda: self._over() or self._is_news, self._wait())
            self._guarded(self._leave)
        finally:
            with self._changed:
                self.gone = True
                self._changed.notify_all()

    def wait_gone(self, seconds: float) -> None:
        """Wait for the last word, and no longer."""
        with self._changed:
            self._changed.wait_for(lambda: self.gone, seconds)

    @property
    def _is_news(self) -> bool:
        """Another state, or a job that nobody has heard of for long."""
        since = self._clock.monotonic() - self._written_at
        works = bool(self._tally.running) and since >= BUSY_SECONDS
        self._see()
        return works or self._course.state != self._told

    @property
    def _sees_nothing(self) -> bool:
        """Never true: what changes while nothing is written is seen all the same, with its time."""
        self._see()
        return False

    def _see(self) -> str:
        """Follow the state; returns its words."""
        state, words = state_of(self._bearing())
        self._course = self._course.now(state, self._clock.now())
        return words

    def _wait(self) -> float:
        return max(0.0, min(BUSY_SECONDS, self._lane_at - self._clock.monotonic()))

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
            if self._failed:
                log.info("the worker's report is written again")
            self._failed = False
        except (AlreadyThereError, AbsentError):
            pass  # another worker of the lane writes, too
        except Unavailable as error:
            self._wait_after()
            if not self._failed:
                log.warning("can't write %s, trying on; jobs are done all the same: %s", self._key, error.with_advice)
            self._failed = True
        except Exception as error:  # noqa: BLE001 - whatever it is, jobs are done all the same
            self._wait_after()
            log_defect(log, error)

    def _wait_after(self) -> None:
        """What can't be written is tried again later, whatever happens meanwhile."""
        now = self._clock.monotonic()
        self._written_at, self._lane_at = now, now + IDLE_SECONDS
        self._told = self._course.state

    def _turn(self) -> None:
        report = self._look()
        now = self._clock.monotonic()
        if report.state != self._told or now - self._written_at >= pause(report):
            self._store.put(self._place.bucket, self._key, report.model_dump_json(exclude_none=True).encode())
            self._written_at, self._told = now, report.state
        if now >= self._lane_at:
            self._lane_at = now + LANE_SECONDS
            self._write_lane([report, *self._read_reports(self._living())])

    def _look(self) -> WorkerReport:
        with self._changed:
            words = self._see()
            return report_of(self._facts(words), self._course, self._clock.now())

    def _leave(self) -> None:
        """The report goes whatever becomes of the rest: who has gone is told as gone. Who lives is looked up before, as
        the worker's own report tells how late it is.
        """
        try:
            living = self._living()
        finally:
            self._store.delete(self._place.bucket, self._key)
        self._write_lane(self._read_reports(living))

    def _living(self) -> list[str]:
        """The keys of others that live, by the store's own clock: this worker's report is the newest, or nearly."""
        listed = self._store.listed(self._place.bucket, self._place.worker_reports(self._lane), MOST_LISTED)
        newest = max(listed.values(), default=self._clock.now())
        return [
            key for key, at in listed.items() if (newest - at).total_seconds() < IDLE_LIVES_SECONDS and key != self._key
        ]

    def _read_reports(self, keys: list[str]) -> list[WorkerReport]:
        found = (self._read(key, MAX_REPORT_BYTES, WorkerReport) for key in keys[:MOST_REPORTS])
        return [each for each in found if each is not None]

    def _read(self, key: str, most: int, model: type[M]) -> M | None:
        """What can't be read is none."""
        with suppress(TooLargeError):
            there = self._store.get(self._place.bucket, key, most)
            return None if there is None else read_or_none(model, there.body)
        return None

    def _write_lane(self, reports: list[WorkerReport]) -> None:
        """Add to the lane's document what is new. Many workers take turns: together they write about once a minute."""
        key = self._place.lane_estimate(self._lane)
        self._lane_at = self._clock.monotonic() + min(LONGEST_LANE_SECONDS, LANE_SECONDS * max(1, len(reports)))
        try:
            there = self._store.get(self._place.bucket, key, MAX_ESTIMATE_BYTES)
        except TooLargeError:
            return  # it is none of ours, and whoever can delete it may
        before = read_or_none(LaneEstimate, there.body) if there else None
        came, news = self._came(reports), self._tally.take_news()
        body = merged(before, news, came, self._around(reports)).model_dump_json(exclude_none=True).encode()
        try:
            if there is None:
                self._store.put_new(self._place.bucket, key, body)
            else:
                self._store.replace(self._place.bucket, key, body, there.etag)
        except BaseException:
            self._tally.give_back(news)
            raise
        self._known = self._known.with_all(came)

    def _came(self, reports: list[WorkerReport]) -> Came:
        """How this worker came up, as far as that has not been told."""
        with self._changed:
            first, live = self._tally.first_sent_at, self._live.now
        known = self._course.starts
        earlier = any(first is None or each.started_at <= first for each in reports)
        slept = first is not None and asleep(False, live.quiet, first)  # noqa: FBT003 - not suspended
        node = None if first is None or earlier or slept else (self._course.started_at - first).total_seconds()
        seen = Came(node if node and 0 < node <= MOST_NODE_SECONDS else None, known.engine, known.model)
        return seen.without(self._known)

    def _around(self, reports: list[WorkerReport]) -> Around:
        with self._changed:
            live, received = self._live.now, self._tally.received
            head = received.age if received else None
            return Around(
                self._lane,
                self._clock.now(),
                reports,
                head,
                live.price_per_hour,
                live.suspended,
                live.quiet,
                self._parallel,
            )
