"""A world of workers on virtual AWS: built from a seed, run until every job has ended, then checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from laneway_worker.adapters.aws.events import SQSEvents
from laneway_worker.adapters.aws.s3 import S3Store
from laneway_worker.adapters.aws.sns import SNSNotifier
from laneway_worker.adapters.aws.sqs import SQSQueue
from laneway_worker.adapters.replies.replies import WiredReplies
from laneway_worker.answer.prepared import prepared
from laneway_worker.live import Live
from laneway_worker.serving import DeadLetterHandler, Worker
from laneway_worker.testing.checker import DirectChecker
from simulation.account import Account
from simulation.clients import clients_of
from simulation.engine import NOWHERE, Scripts, SimEngine
from simulation.fake_s3 import FakeS3
from simulation.fake_sns import FakeSNS
from simulation.fake_sqs import ORIGIN, FakeSQS
from simulation.gateways import Gateways, waiting_for
from simulation.history import Acknowledging, Extended, History, Put, Ran, Received, Removed, Sent, Signal, Told
from simulation.network import Network
from simulation.person import Person
from simulation.scenario import BUCKET, DEAD, DRAIN_SECONDS, JOBS, LEGAL, PREFIX, Scenario, scenario
from simulation.scheduler import START, Process, Scheduler
from simulation.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.jobs import Plan

GRACE_SECONDS = DRAIN_SECONDS + 45  # then the kubelet kills
BOUND_SECONDS = 3000.0  # after the last fault: every message has ended long before
TARGETED = 0.3
MOMENTS = (Put, Sent, Removed, Told, Acknowledging, Received, Extended, Ran)
"""What a process has just done when it is killed on purpose."""
LEAVING_SECONDS = 120.0  # a worker that may leave is gone long before


@dataclass
class Site:
    """A place where one process runs after another."""

    name: str
    is_handler: bool
    number: int = 0
    process: Process | None = None
    service: Worker | DeadLetterHandler | None = None
    leaving: bool = False


class World:
    """One seed's world."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random = Random(seed)  # noqa: S311 - a simulation, no secret
        self.scenario: Scenario = scenario(random)
        self.seen: Counter[str] = Counter()
        self.history = History()
        self.scheduler = scheduler = Scheduler(random)
        self.network = Network(scheduler, random, self.history, self.scenario.faults, self.seen)
        self.account = Account(scheduler, random, self.history, self.scenario.oddities, self.seen)
        dead = FakeSQS(self.account, DEAD)
        self.queues = {JOBS: FakeSQS(self.account, JOBS, self.scenario.most_receives, dead), DEAD: dead}
        self.s3 = FakeS3(scheduler, random, self.history, self.scenario.conflicts)
        self.sns = FakeSNS(scheduler, self.history)
        self.tables = Tables(scheduler, random, self.history, self.scenario.projectors, self.seen)
        self.gateways = Gateways(scheduler, random, self.history, self.scenario.manners, self.seen)
        self.scripts = Scripts(
            {plan.prompt: plan for plan in self.scenario.plans}, random, self.history, self.scenario.crashes
        )
        self.jobs: dict[str, Plan] = {}
        """Accepted jobs, by id."""
        self.origins: dict[str, str] = {}
        """The job's id, by the mark that its messages carry."""
        self.pending = 0
        self.calm = False
        self.closing = False
        self.sites = [Site(f"w{number}", is_handler=False) for number in range(1, self.scenario.workers + 1)]
        self.sites.append(Site("dead", is_handler=True))
        self.processes: list[Process] = []
        self.defects: list[str] = []
        self.person = Person(self)

    def later(self, seconds: float, action: Callable[..., None], *arguments: object) -> None:
        """Have something happen that the world waits for."""

        def act() -> None:
            self.pending -= 1
            action(*arguments)

        self.pending += 1
        self.scheduler.after(seconds, act)

    def run(self) -> None:
        """From the first message to the last worker's end; what does not end is a defect."""
        self._plan()
        bound = self.scenario.calm_at + BOUND_SECONDS
        if not self.scheduler.run(lambda: self.calm and self._is_quiet(), bound):
            self.defects.append(f"not quiet after {bound:.0f} s: {self._what_is_left()}")
        self.closing = True
        for site in self.sites:
            self._leave(site, "term")
        if not self.scheduler.run(self._all_ended, self.scheduler.now + LEAVING_SECONDS):
            left = [f"{process.name}: {process.alive_tasks}" for process in self.processes if not process.dead]
            self.defects.append(f"told to leave {LEAVING_SECONDS:.0f} s ago and still there: {left}")
        for process in self.processes:
            process.kill()
            self.defects += process.defects

    def _all_ended(self) -> bool:
        return all(process.dead for process in self.processes)

    def _is_quiet(self) -> bool:
        if self.pending or self.account.hidden or any(queue.messages for queue in self.queues.values()):
            return False
        if not all((BUCKET, f"{PREFIX}results/{job}.json") in self.s3.objects for job in self.jobs):
            return False
        self.tables.begin()
        return not self.tables.messages

    def _what_is_left(self) -> str:
        waiting = [job for job in self.jobs if (BUCKET, f"{PREFIX}results/{job}.json") not in self.s3.objects]
        messages = {name: list(queue.messages) for name, queue in self.queues.items()}
        return f"no result of {waiting}, messages {messages}, {self.pending} plans, {self.account.hidden} hidden"

    def _plan(self) -> None:
        plan = self.scenario
        for job in plan.plans:
            for at in job.sent_at:
                self.later(at, self._send, job)
            if job.cancelled_at is not None:
                self.later(job.cancelled_at, self._cancel, job)
            if job.stored is not None:
                self._put(f"jobs/{job.id}.json", job.stored.encode())
        self.later(plan.refused[0], self.s3.refusing.add, LEGAL)
        self.later(plan.refused[1], self.s3.refusing.discard, LEGAL)
        self.later(plan.calm_at, self._calm_down)
        if plan.projectors.since is not None:
            self.later(plan.projectors.since, self.tables.begin)
        for site in self.sites:
            self.later(plan.dead_letters_from if site.is_handler else self.random.random(), self._start, site)
        self.person.begin()

    def _cancel(self, job: Plan) -> None:
        """A gateway whose client has hung up does so too, and then closes the stream."""
        assert job.id is not None
        self._put(f"cancels/{job.id}.json", b"{}")
        self.gateways.hang_up(job.id)

    def _put(self, key: str, body: bytes) -> None:
        self.s3.put("sender", BUCKET, PREFIX + key, body, None, None)

    def _send(self, plan: Plan) -> None:
        waits = waiting_for(plan.id, self.now()) if plan.waited and plan.id is not None else {}
        self.jobs[self._accept("sender", plan.id, plan.body, waits, plan.group)] = plan

    def _accept(self, who: str, job: str | None, body: str, attributes: dict[str, Any], group: str | None) -> str:
        """Send a message with a mark, and remember whose it is."""
        mark = f"o{len(self.origins) + 1}"
        marked = {**attributes, ORIGIN: {"DataType": "String", "StringValue": mark}}
        message: str = self.queues[JOBS].send(who, body, marked, group=group)["MessageId"]
        self.origins[mark] = job or message
        return self.origins[mark]

    def accept_again(self, job: str, body: str, attributes: dict[str, Any], group: str | None) -> None:
        """A retry by a person."""
        self._accept("person", job, body, attributes, group)

    def now(self) -> datetime:
        """Wall-clock time outside all processes."""
        return START + timedelta(seconds=self.scheduler.now)

    def _calm_down(self) -> None:
        for each in (self, self.network, self.account, self.scripts, self.gateways, self.tables):
            each.calm = True
        self.s3.conflicts = 0
        for site in self.sites:
            if site.process is not None:
                site.process.fate_step = 0
                if site.process.frozen:
                    site.process.thaw()

    def _start(self, site: Site) -> None:
        if self.closing:
            return
        site.number += 1
        skew = self.random.random() * 2 - 1
        process = Process(self.scheduler, f"{site.name}.{site.number}", self.scenario.preemption, skew)
        self.processes.append(process)
        site.process, site.leaving = process, False
        self.history.add(self.scheduler.now, process.name, Signal("started"))
        site.service = self._service(site, process)
        self._doom(site)
        site.service.start()

    def _service(self, site: Site, process: Process) -> Worker | DeadLetterHandler:
        lane, random = self.scenario.lane, self.random.random
        config = lane.config
        clients = clients_of(self.network, self.queues, self.s3, self.sns, self.tables, process)
        store, hearers = S3Store(clients.s3), (SNSNotifier(clients.topics), SQSEvents(clients))
        url = DEAD if site.is_handler else JOBS
        queue = SQSQueue(clients, url, config.visibility_seconds, config.poll_seconds)
        if site.is_handler:
            return DeadLetterHandler([(lane, queue)], store, *hearers, process, random)
        hole = self.scenario.hole if site is self.sites[0] else NOWHERE
        engine = SimEngine(self.scripts, process, lambda: self._kill(site, process), hole)
        checker = DirectChecker(prepared)
        live, name = Live(lane.live), process.name
        replies = WiredReplies(self.gateways.wire(process), process, name)
        return Worker(config, live, name, queue, store, *hearers, engine, checker, process, random, replies=replies)

    def _doom(self, site: Site) -> None:
        """Decide at which step something befalls a process."""
        random = self.random
        process = site.process
        assert process is not None
        if self.calm or random.random() >= self.scenario.violence:
            return

        def kill() -> None:
            if not self.calm:
                self._kill(site, process)

        if self.scenario.rolling:
            self.later(2 + 6 * random.random(), self._replace, site, process)
            return
        if random.random() < TARGETED:
            soon = 0.004 * random.random()  # before the answer comes, or just after
            kind = random.choice(MOMENTS)
            self.history.watched[process.name] = (kind, lambda: self.scheduler.after(soon, kill))
            return
        process.fate_step = process.steps + int(2 ** (9 * random.random())) + 1
        fate = random.choices(("kill", "freeze", "term", "leave"), self.scenario.fates)[0]
        process.fate = lambda: self._befall(site, process, fate)

    def _replace(self, site: Site, process: Process) -> None:
        """SIGTERM, and soon a second one."""
        if site.process is process and not process.dead:
            self._leave(site, "term")
            self.later(self.random.random(), self._leave_at_once, site, process)

    def _befall(self, site: Site, process: Process, fate: str) -> None:
        if fate == "kill":
            self._kill(site, process)
        elif fate == "freeze":
            self._freeze(site, process)
        else:
            self._leave(site, "term")
            if fate == "leave":
                self.later(self.random.random() * DRAIN_SECONDS, self._leave_at_once, site, process)

    def _kill(self, site: Site, process: Process, why: str = "killed") -> None:
        if process.dead:
            return
        self.history.add(self.scheduler.now, process.name, Signal(why))
        self.seen[f"process {why}"] += 1
        process.kill()
        for queue in self.queues.values():
            queue.forget(process)
        if not self.closing:
            self.later(0.5 + 6 * self.random.random(), self._start, site)

    def _freeze(self, site: Site, process: Process) -> None:
        seconds = (
            self.random.choice((0.3, 1, 2.5)) * self.scenario.lane.config.visibility_seconds * self.random.random()
        )
        self.history.add(self.scheduler.now, process.name, Signal("stopped"))
        self.seen["process stopped"] += 1
        process.freeze()
        self.later(seconds, self._thaw, site, process)

    def _thaw(self, site: Site, process: Process) -> None:
        if process.frozen and not process.dead:
            self.history.add(self.scheduler.now, process.name, Signal("continued"))
            process.thaw()
            self._doom(site)

    def _leave(self, site: Site, kind: str) -> None:
        """SIGTERM."""
        process, service = site.process, site.service
        if process is None or service is None or process.dead or site.leaving:
            return
        site.leaving = True
        self.history.add(self.scheduler.now, process.name, Signal(kind))
        self.seen["process told to leave"] += 1

        def main() -> None:
            for consumer in service.consumers:
                consumer.drain()
            for consumer in service.consumers:
                consumer.wait_until_done()
            process.scheduler.after(0, lambda: self._end(site, process))

        process.spawn("main", main)
        if not self.closing:
            self.later(GRACE_SECONDS, self._kill, site, process, "out of grace")

    def _leave_at_once(self, site: Site, process: Process) -> None:
        """A second SIGTERM."""
        service = site.service
        if process.dead or service is None or site.process is not process:
            return
        self.history.add(self.scheduler.now, process.name, Signal("second term"))
        self.seen["process told twice"] += 1

        def main() -> None:
            for consumer in service.consumers:
                consumer.leave()

        process.spawn("signal", main)

    def _end(self, site: Site, process: Process) -> None:
        self._kill(site, process, "ended")
