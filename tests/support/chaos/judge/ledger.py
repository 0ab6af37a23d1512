"""What was seen between workers and AWS: who held which message when, and when each result came to be."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.chaos.between.faults import call_name

if TYPE_CHECKING:
    from support.wire.http import Request, Response

OK = 200
PRECONDITION_FAILED = 412


@dataclass(frozen=True)
class Delivered:
    """A message that has reached a worker."""

    job: str
    message: str
    worker: int
    count: int
    """SQS's own count of receives."""
    at: float


@dataclass(frozen=True)
class Interruption:
    """A delivery whose worker was killed before the job had a result."""

    delivered: Delivered
    at: float


@dataclass(frozen=True)
class Recovery:
    """What became of an interrupted job; seconds from the SIGKILL."""

    job: str
    kills: int
    """How many of the job's workers were killed."""
    delivered_after: float | None
    """When a worker had the job again."""
    lost_answers: int | None
    """How often SQS handed the message out in between, in answers that reached nobody; None where the message did not
    come back: the worker had sent the job again, and that message waits its turn.
    """
    times: int
    """How often the job reached a worker in all."""
    stored_after: float | None


class Ledger:
    """Written by the proxy's thread and by whoever kills; times are monotonic."""

    def __init__(self) -> None:
        self.deliveries: list[Delivered] = []
        self.orphaned = 0
        """Messages in answers that nobody got: they are hidden until their leases end."""
        self.sent_again = 0
        """Messages that workers sent: further attempts, and fresh copies."""
        self.stored_at: dict[str, float] = {}
        self.beaten = 0
        """Results that found another one in their place."""
        self.interruptions: list[Interruption] = []
        self.turns: Counter[int] = Counter()
        """How often each worker was killed: an answer to a connection of an earlier turn reaches nobody."""
        self._held: defaultdict[int, dict[str, Delivered]] = defaultdict(dict)
        self._lock = threading.Lock()

    def saw(self, worker: int, request: Request, response: Response, *, arrives: bool) -> None:
        """A call that had its effect; `arrives` tells whether the worker will know."""
        with self._lock:
            match call_name(request):
                case "ReceiveMessage" if response.status == OK:
                    self._received(worker, json.loads(response.body).get("Messages") or [], arrives=arrives)
                case "DeleteMessage" | "ChangeMessageVisibility":
                    self._held[worker].pop(json.loads(request.body)["ReceiptHandle"], None)
                case "SendMessage" if response.status == OK:
                    self.sent_again += 1
                case "PUT results":
                    self._stored(request, response)
                case _:
                    pass

    def _received(self, worker: int, messages: list[dict[str, Any]], *, arrives: bool) -> None:
        if not arrives:
            self.orphaned += len(messages)
            return
        now = time.monotonic()
        for message in messages:
            job = str(json.loads(message["Body"])["id"])
            count = int(message["Attributes"]["ApproximateReceiveCount"])
            delivered = Delivered(job, message["MessageId"], worker, count, now)
            self._held[worker][message["ReceiptHandle"]] = delivered
            self.deliveries.append(delivered)

    def _stored(self, request: Request, response: Response) -> None:
        if response.status == OK:
            self.stored_at.setdefault(job_of(request.path), time.monotonic())
        elif response.status == PRECONDITION_FAILED:
            self.beaten += 1

    def killed(self, worker: int) -> int:
        """Forget what a worker held; returns how many of the jobs had no result yet."""
        now = time.monotonic()
        with self._lock:
            self.turns[worker] += 1
            lost = [each for each in self._held.pop(worker, {}).values() if each.job not in self.stored_at]
            self.interruptions += [Interruption(each, now) for each in lost]
        return len(lost)

    def holds(self, worker: int) -> int:
        """How many messages a worker holds."""
        with self._lock:
            return len(self._held[worker])

    def stored(self) -> int:
        """How many results there are."""
        with self._lock:
            return len(self.stored_at)

    def received_by(self, worker: int, since: float) -> int:
        """How many messages a worker got since then."""
        with self._lock:
            return sum(each.worker == worker and each.at >= since for each in reversed(self.deliveries))

    def recoveries(self) -> list[Recovery]:
        """How the jobs of killed workers went on."""
        with self._lock:
            deliveries = defaultdict(list)
            for each in self.deliveries:
                deliveries[each.job].append(each)
            kills = Counter(each.delivered.job for each in self.interruptions)
            return [self._recovery(each, deliveries, kills) for each in self.interruptions]

    def _recovery(
        self, interruption: Interruption, deliveries: dict[str, list[Delivered]], kills: Counter[str]
    ) -> Recovery:
        held, at = interruption.delivered, interruption.at
        again = next((each for each in deliveries[held.job] if each.at > at), None)
        same = again is not None and again.message == held.message
        return Recovery(
            job=held.job,
            kills=kills[held.job],
            delivered_after=again.at - at if again else None,
            lost_answers=again.count - held.count - 1 if again and same else None,
            times=len(deliveries[held.job]),
            stored_after=self.stored_at[held.job] - at if held.job in self.stored_at else None,
        )


def job_of(path: str) -> str:
    """The job of `/bucket/prefix/results/id.json`."""
    return path.rpartition("/")[2].removesuffix(".json")
