"""The way between a process and AWS: latency, faults before and after the effect of a call, and botocore's retries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from greenlet import GreenletExit

from simulation.history import Call

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from random import Random

    from simulation.history import History
    from simulation.scheduler import Process, Scheduler, Task

CONNECT_SECONDS = 3.0
ENDPOINT = "https://aws.test"
FASTEST, SLOWEST = 0.002, 0.06

Reply = Any  # what a service answers: a document, or an exception to raise


def refusal(code: str, status: int, operation: str) -> ClientError:
    """An error as botocore makes it of AWS's answer."""
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


THROTTLED = {"sqs": "RequestThrottled", "events": "RequestThrottled", "s3": "SlowDown", "sns": "Throttling"}
BROKEN = {
    "sqs": ("ServiceUnavailable", 503),
    "events": ("ServiceUnavailable", 503),
    "s3": ("InternalError", 500),
    "sns": ("InternalError", 500),
}


@dataclass
class Faults:
    """How often what goes wrong, of one service or all; probabilities of one call."""

    refused: float = 0.0
    """Throttled or denied, without effect."""
    broken_after: float = 0.0
    """The effect, then a 5xx or a lost connection."""
    unreachable: float = 0.0
    """No connection, without effect."""
    timed_out: float = 0.0
    """No answer in time: the effect came, comes later, or never."""
    denied: float = 0.0
    """Credentials are refused for the moment; botocore does not try again."""
    outages: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """Periods in which a service refuses everything."""

    @property
    def shares(self) -> dict[str, float]:
        """Of calls, by kind of fault."""
        return {
            "refused": self.refused,
            "broken after": self.broken_after,
            "unreachable": self.unreachable,
            "timeout": self.timed_out,
            "denied": self.denied,
        }

    def kind(self, roll: float) -> str | None:
        """The fault of a call, or None; `roll` in [0, 1)."""
        for kind, share in self.shares.items():
            roll -= share
            if roll < 0:
                return kind
        return None


class _Plan:
    """What happens to one try of a call."""

    __slots__ = ("effect_after", "error", "kind", "reply_after")

    def __init__(
        self, kind: str, error: Exception | None, effect_after: float | None, reply_after: float | None
    ) -> None:
        self.kind = kind
        self.error = error
        self.effect_after = effect_after
        self.reply_after = reply_after  # None: when the service answers


class Network:
    """Everything between the processes and AWS."""

    def __init__(
        self, scheduler: Scheduler, random: Random, history: History, faults: Faults, seen: Counter[str]
    ) -> None:
        self.scheduler = scheduler
        self.random = random
        self.history = history
        self.faults = faults
        self.calm = False
        self.seen = seen

    def plan(self, service: str, operation: str, read_timeout: float) -> _Plan:
        """Decide what happens to a try."""
        random = self.random.random
        way = FASTEST + (SLOWEST - FASTEST) * random() ** 3
        if self.calm:
            return _Plan("", None, way, None)
        now, faults = self.scheduler.now, self.faults
        for since, until in faults.outages.get(service, ()):
            if since <= now < until:
                return self._refused("outage", service, operation, way)
        kind = faults.kind(random())
        if kind is None:
            return _Plan("", None, way, None)
        return self._fault(kind, service, operation, way, read_timeout)

    def _fault(self, kind: str, service: str, operation: str, way: float, read_timeout: float) -> _Plan:
        first = self.random.random() < 0.5  # of the two forms that most kinds have
        if kind == "refused":
            return self._refused(kind, service, operation, way)
        if kind == "broken after" and first:
            return _Plan(kind, refusal(*BROKEN[service], operation), way, None)
        if kind == "broken after":
            return _Plan("closed after", ConnectionClosedError(endpoint_url=ENDPOINT), way, None)
        if kind == "unreachable" and first:
            return _Plan(kind, EndpointConnectionError(endpoint_url=ENDPOINT), None, way)
        if kind == "unreachable":
            return _Plan("connect timeout", ConnectTimeoutError(endpoint_url=ENDPOINT), None, CONNECT_SECONDS)
        if kind == "timeout":
            return self._timeout(way, read_timeout)
        return _Plan("denied", refusal("ExpiredTokenException" if first else "AccessDenied", 403, operation), None, way)

    def _timeout(self, way: float, read_timeout: float) -> _Plan:
        error, form = ReadTimeoutError(endpoint_url=ENDPOINT), self.random.random()
        if form < 0.4:
            return _Plan("timeout after", error, way, read_timeout)
        if form < 0.7:
            return _Plan("timeout lost", error, None, read_timeout)
        return _Plan("timeout late", error, read_timeout * 2 * self.random.random(), read_timeout)

    def _refused(self, kind: str, service: str, operation: str, way: float) -> _Plan:
        code, status = (THROTTLED[service], 400) if self.random.random() < 0.5 else BROKEN[service]
        return _Plan(kind, refusal(code, status, operation), None, way)


RETRIED = {*THROTTLED.values(), *(code for code, _ in BROKEN.values())}


def is_retried(error: Exception) -> bool:
    """Whether botocore's `standard` mode tries again: throttling, 5xx, connections; not 409."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in RETRIED
    return isinstance(error, BotoCoreError)


class Wire:
    """One client of one process."""

    def __init__(self, network: Network, process: Process, service: str, read_timeout: float, tries: int) -> None:
        self._network = network
        self.process = process
        self._service = service
        self._read_timeout = read_timeout
        self._tries = tries
        self.history = network.history

    @property
    def now(self) -> float:
        """Virtual time."""
        return self._network.scheduler.now

    def call(self, operation: str, on: str, effect: Callable[[], Reply]) -> Any:
        """Make a call whose effect is immediate where it happens."""
        return self.ask(operation, on, lambda reply: reply(effect()))

    def ask(self, operation: str, on: str, effect: Callable[[Callable[[Reply], None]], None]) -> Any:
        """Make a call whose service answers when it likes."""
        process, network = self.process, self._network
        for left in range(self._tries - 1, -1, -1):
            if process.dead:
                raise GreenletExit
            if process.locks:
                process.defects.append(f"{operation} is called under a lock")
            plan = network.plan(self._service, operation, self._read_timeout)
            error, answer = self._try(plan, effect)
            end = plan.kind or (_code(error) if error else "ok")
            network.history.add(network.scheduler.now, process.name, Call(operation, on, end))
            network.seen[f"{operation}: {end}"] += 1
            if error is None:
                return answer
            if not left or not is_retried(error):
                try:
                    raise error
                finally:
                    del error, plan  # or the error holds this frame, which holds it, until the world is collected
            process.sleep(network.random.random() * 2 ** (self._tries - 1 - left))
        raise AssertionError

    def _try(self, plan: _Plan, effect: Callable[[Callable[[Reply], None]], None]) -> tuple[Exception | None, Any]:
        scheduler, process = self._network.scheduler, self.process
        task = scheduler.current
        assert task is not None
        pending = _Pending(scheduler, task, self.process)
        if plan.effect_after is not None:
            scheduler.after(plan.effect_after, lambda: effect(pending.reply))
        if plan.reply_after is not None:
            process.sleep(plan.reply_after)
            pending.over = True
            return plan.error, None
        pending.wait()
        if plan.error is not None:
            return plan.error, None
        answer = pending.answer
        return (answer, None) if isinstance(answer, Exception) else (None, answer)


class _Pending:
    """A request under way."""

    __slots__ = ("answer", "over", "process", "scheduler", "task")

    def __init__(self, scheduler: Scheduler, task: Task, process: Process) -> None:
        self.scheduler = scheduler
        self.task = task
        self.process = process
        self.answer: Reply = None
        self.over = False

    def reply(self, answer: Reply) -> None:
        if self.over:
            return
        self.over = True
        self.answer = answer
        self.scheduler.ready(self.task)

    def wait(self) -> None:
        task = self.task
        task.predicate, task.timed_out = self._is_over, False
        try:
            self.scheduler.park(task)
        finally:
            task.predicate = None
            self.over = True

    def _is_over(self) -> bool:
        return self.over


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
