"""A lane's worker and a pool's dead-letter handler, wired from ports."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from laneway.schema.pool.documents.worker_report import RunningJob
from laneway_worker.consume.consumer import Consumer
from laneway_worker.consume.dead_letters import DeadLetters, NoEngine
from laneway_worker.consume.work import Work
from laneway_worker.deliver.claims import Claims
from laneway_worker.deliver.commit import Finisher
from laneway_worker.deliver.events import Telling
from laneway_worker.deliver.lease import Leases
from laneway_worker.deliver.patience import Patience
from laneway_worker.deliver.results import Results
from laneway_worker.engine.engine import UNREACHED, Engine
from laneway_worker.engine.gate import LaneGate
from laneway_worker.engine.watch import Watch
from laneway_worker.live import Live, Rereading
from laneway_worker.ports.replies import NO_REPLIES
from laneway_worker.ports.trace import NO_TRACE
from laneway_worker.report.facts import Facts as ModelFacts
from laneway_worker.report.metrics import Families, Metrics
from laneway_worker.report.pod_report import Standing
from laneway_worker.report.reporter import Reporter
from laneway_worker.report.saying import Bearing, Facts
from laneway_worker.report.tally import Tally
from laneway_worker.report.tracing import TracedRuntime
from laneway_worker.report.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.lane_documents import LaneDocuments
    from laneway_worker.consume.consumer import Attempts, Gate
    from laneway_worker.ports.checker import Checker
    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.document import Document
    from laneway_worker.ports.objects import ObjectStore, ReportStore
    from laneway_worker.ports.pod import Pod
    from laneway_worker.ports.queue import JobQueue
    from laneway_worker.ports.replies import Events, Notifier, Replies
    from laneway_worker.ports.runtime import Runtime
    from laneway_worker.ports.trace import Trace

roll_dice = random.SystemRandom().random


class Surroundings(NamedTuple):
    """What all lanes of a process share."""

    notifier: Notifier
    events: Events
    clock: Clock
    changed: Condition
    """The process's one condition."""
    patience: Patience
    aside: Patience
    """For what is one job's business."""
    telling: Patience
    """For what is the events queue's."""
    trace: Trace = NO_TRACE


class Worker:
    """Serves one lane."""

    def __init__(
        self,
        config: LaneConfig,
        live: Live,
        name: str,
        queue: JobQueue,
        store: ObjectStore,
        notifier: Notifier,
        events: Events,
        runtime: Runtime,
        checker: Checker,
        clock: Clock,
        roll: Callable[[], float] = roll_dice,
        trace: Trace = NO_TRACE,
        replies: Replies = NO_REPLIES,
    ) -> None:
        """`name` stands in failures; `roll` gives numbers in [0, 1)."""
        changed = clock.condition()
        self.families = Families()
        self._patience = patience = Patience(clock, changed, roll)
        aside, telling = (Patience(clock, changed, roll) for _ in range(2))
        around = Surroundings(notifier, events, clock, changed, patience, aside, telling, trace)
        self._clock = clock
        self._changed = changed
        self._config = config
        self._name = name
        self._tally = tally = Tally(clock, changed)
        self._writer: Writer | None = None
        metrics = Metrics(self.families, config.pool, config.lane, tally)
        traced = TracedRuntime(runtime, trace)
        self.engine = Engine(traced, clock, changed, metrics.wasted, metrics.asked, config.parallel)
        metrics.watch_ready(lambda: self.engine.ready_enough)
        metrics.watch_broken(lambda: self.engine.doubts.broken_since is not None)
        self._live = live
        self._runtime = runtime
        self._facts = ModelFacts(config, store, clock)
        results = Results(config, store)
        claims = Claims(config, store)
        engine = self.engine
        work = Work(
            config, live, name, store, results, claims, engine, checker, replies, patience, clock, changed, roll, tally
        )
        gate = LaneGate(live, self.engine, clock)
        self._gate = gate
        self._reached = False
        self.consumer = _consumer(config, live, queue, gate, work, results, claims, metrics, around)

    def start(self) -> None:
        """Start all threads."""
        watch = Watch(self.engine, self._clock, self._changed, lambda: self.consumer.done, self._tell_facts)
        self._clock.spawn("engine", watch.run)
        self.consumer.start()

    def _tell_facts(self) -> None:
        self._facts.tell(self._runtime.facts() if self.engine.ready else None)

    @property
    def consumers(self) -> Sequence[Consumer]:
        """The one."""
        return (self.consumer,)

    def follow(self, document: Document) -> None:
        """Read the live document again and again, in a thread of its own."""
        rereading = Rereading(self._live, document, self._clock, self._changed, lambda: self.consumer.done)
        self._clock.spawn("live", rereading.run)

    def report_to(self, pod: Pod) -> None:
        """Keep the pod's annotations true, in a thread of its own."""
        reporter = Reporter(pod, self._standing, self._clock, self._changed, lambda: self.consumer.done)
        self._clock.spawn("report", reporter.run)

    def write_reports(self, store: ReportStore) -> None:
        """Say in the pool's bucket how it goes, in a thread of its own."""
        changed = self._changed
        self._writer = Writer(
            self._config,
            self._live,
            store,
            self._tally,
            self._bearing,
            self._told,
            self._clock,
            changed,
            lambda: self.consumer.done,
            self._name,
        )
        self._clock.spawn("reports", self._writer.run)

    def last_words(self, seconds: float) -> None:
        """Wait until its report is removed, at most so long."""
        if self._writer is not None:
            self._writer.wait_gone(seconds)

    def _bearing(self) -> Bearing:
        engine = self.engine
        self._reached = self._reached or engine.ready or (engine.failing is None and engine.trouble != UNREACHED)
        return Bearing(
            leaving=self.consumer.leaving,
            asleep=self._gate.asleep,
            model=engine.model,
            trouble=engine.trouble,
            engine=engine.failing,
            aws=self._patience.failing or self.consumer.refused,
            reached=self._reached,
        )

    def _told(self, words: str) -> Facts:
        running = self._tally.running.values()
        jobs = [
            RunningJob(id=each.task.own_id, since=each.since, attempt=each.task.attempt, tokens=each.tokens)
            for each in running
        ]
        return Facts(
            worker=self._name,
            lane=self._config.lane,
            words=words,
            slots=self._gate.slots(self._config.parallel),
            jobs=jobs,
            received=self._tally.received,
            ran=tuple(self._tally.ran),
            finished=self._tally.finished,
            model=self.engine.model,
            price_per_hour=self._live.now.price_per_hour,
        )

    def _standing(self) -> Standing:
        consumer = self.consumer
        return Standing(
            running_since=consumer.running_since,
            idle_since=consumer.idle_since,
            digest=self.engine.model.digest if self.engine.model else None,
            engine=self.engine.failing,
            fewer=self.engine.slots.fewer(self.engine.model),
            aws=self._patience.failing or consumer.refused,
            holds_node=self._config.hold_node,
        )


class DeadLetterHandler:
    """Serves the dead-letter queues of a pool's lanes."""

    def __init__(
        self,
        lanes: Sequence[tuple[LaneDocuments, JobQueue]],
        store: ObjectStore,
        notifier: Notifier,
        events: Events,
        clock: Clock,
        roll: Callable[[], float] = roll_dice,
    ) -> None:
        """Each lane with its dead-letter queue."""
        changed = clock.condition()
        self.families = Families()
        patience, aside, telling = (Patience(clock, changed, roll) for _ in range(3))
        around = Surroundings(notifier, events, clock, changed, patience, aside, telling)
        self.engine = NoEngine()
        self.consumers = [
            _consumer(
                lane.config,
                Live(lane.live),
                queue,
                self.engine,
                DeadLetters(lane, clock),
                Results(lane.config, store),
                Claims(lane.config, store),
                Metrics(self.families, lane.config.pool, lane.config.lane, Tally(clock, changed)),
                around,
            )
            for lane, queue in lanes
        ]

    def start(self) -> None:
        """Start all threads."""
        for consumer in self.consumers:
            consumer.start()

    def last_words(self, seconds: float) -> None:
        """It has nothing to say: a lane's workers do."""


def _consumer(
    config: LaneConfig,
    live: Live,
    queue: JobQueue,
    gate: Gate,
    work: Attempts,
    results: Results,
    claims: Claims,
    metrics: Metrics,
    around: Surroundings,
) -> Consumer:
    clock, changed, patience = around.clock, around.changed, around.patience
    leases = Leases(queue, clock, changed, config.visibility_seconds)
    metrics.watch_waiting(lambda: patience.troubled)
    telling = Telling(config, live, around.events, around.telling, metrics.told, clock)
    finisher = Finisher(
        config, live, results, claims, around.notifier, telling, queue, leases, patience, around.aside, clock
    )
    return Consumer(config, queue, leases, gate, patience, work, finisher, metrics, around.trace, clock, changed)
