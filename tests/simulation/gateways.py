"""Gateways that wait for jobs, as a worker meets them: near, away, deaf, late, or gone in the middle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from laneway.schema.job.history import History
from laneway.schema.job.reply import ReplyTo
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.adapters.replies.wire import ANSWER_SECONDS, CONNECT_SECONDS, WRITE_SECONDS, Broken
from simulation.history import Heard, HungUp
from simulation.network import FASTEST, SLOWEST

if TYPE_CHECKING:
    from collections import Counter
    from datetime import datetime
    from random import Random

    from laneway_worker.adapters.replies.wire import To
    from simulation.history import History as Events
    from simulation.scheduler import Process, Scheduler

LATEST_SECONDS = 40.0  # a registration that is read by all tries of a bucket in trouble
LONGEST_SECONDS = 10.0  # that a stream lasts which somebody cuts


def waiting_for(job: str, at: datetime) -> dict[str, Any]:
    """The attributes of a message for whose job a gateway waits."""
    reply = ReplyTo(gateway="abcdefgh01234567", stream=sha256(job.encode()).hexdigest())
    history = History(id=job, submitted_at=at, reply=reply).to_attribute()
    return {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history}}


@dataclass(frozen=True)
class Manners:
    """How often what goes wrong with a stream; probabilities."""

    away: float = 0.0
    """Nobody is there."""
    late: float = 0.0
    """It takes long to open."""
    refused: float = 0.0
    """It is open, and cut at once: the gateway knows of no such stream."""
    cut: float = 0.0
    """It is cut in the middle."""
    deaf: float = 0.0
    """Nobody reads."""

    def kind(self, roll: float) -> str:
        """What becomes of a stream; `roll` in [0, 1)."""
        for kind, share in vars(self).items():
            roll -= share
            if roll < 0:
                return str(kind)
        return "well"


class Gateways:
    """All gateways of a world."""

    def __init__(
        self, scheduler: Scheduler, random: Random, history: Events, manners: Manners, seen: Counter[str]
    ) -> None:
        self.scheduler = scheduler
        self.history = history
        self.calm = False
        self._random = random.random
        self._manners = manners
        self._seen = seen
        self._streams: list[SimStream] = []
        self._opened = 0

    def wire(self, process: Process) -> SimWire:
        """A process's way to them."""
        return SimWire(self, process)

    def open(self, process: Process, to: To) -> SimStream:
        """Called by a thread of the process."""
        kind = "well" if self.calm else self._manners.kind(self._random())
        self._seen[f"stream: {kind}"] += 1
        way = FASTEST + (SLOWEST - FASTEST) * self._random() ** 3
        process.sleep({"away": CONNECT_SECONDS, "late": LATEST_SECONDS * self._random()}.get(kind, way))
        if kind == "away":
            raise Broken("can't connect")
        self._opened += 1
        stream = SimStream(self, process, to, self._opened, deaf=kind == "deaf")
        self._streams.append(stream)
        if kind in ("refused", "cut"):
            self.scheduler.after(way if kind == "refused" else LONGEST_SECONDS * self._random(), stream.leave)
        return stream

    def hang_up(self, job: str) -> None:
        """Nobody waits for a job any more."""
        for stream in [each for each in self._streams if each.to.job_id == job]:
            stream.leave()

    def forget(self, stream: SimStream) -> None:
        """It is closed."""
        self._streams.remove(stream)


class SimWire:
    """The worker's `Wire`."""

    def __init__(self, gateways: Gateways, process: Process) -> None:
        self._gateways = gateways
        self._process = process

    def open(self, to: To) -> SimStream:
        """See the worker's."""
        return self._gateways.open(self._process, to)


class SimStream:
    """One stream."""

    def __init__(self, gateways: Gateways, process: Process, to: To, number: int, *, deaf: bool) -> None:
        self.to = to
        self._gateways = gateways
        self._process = process
        self._number = number
        self._deaf = deaf
        self._changed = process.condition()
        self._rung = self._gone = False

    def leave(self) -> None:
        """The gateway closes it."""
        if not self._gone and not self._process.dead:
            self._gone = True
            self._note(HungUp(self._number, self.to.job_id))
            self._changed.notify_all()

    def _note(self, what: object) -> None:
        self._gateways.history.add(self._gateways.scheduler.now, self._process.name, what)

    def _check(self) -> None:
        if self._gone:
            raise Broken("it is gone")

    def send(self, lines: bytes) -> None:
        """What is written is heard, whatever becomes of the writer."""
        if self._process.locks:
            self._process.defects.append("a stream is written under a lock")
        if self._deaf:
            self._process.sleep(WRITE_SECONDS)
            raise Broken("it reads too slowly")
        self._check()
        for line in lines.splitlines():
            ((name, holds),) = json.loads(line).items()
            self._note(Heard(self._number, self.to.job_id, (self.to.attempt, self.to.receives), name, holds))

    def wait(self, seconds: float | None) -> None:
        """Until the worker rings, or the gateway leaves."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung or self._gone, seconds)
            self._rung = False
        self._check()

    def wake(self) -> None:
        """Ring."""
        with self._changed:
            self._rung = True
            self._changed.notify_all()

    def finish(self) -> None:
        """The gateway says that it was all."""
        self._check()
        self._process.sleep(ANSWER_SECONDS if self._deaf else FASTEST)
        if self._deaf:
            raise Broken("it did not answer")
        self._check()
        self._note(Heard(self._number, self.to.job_id, (self.to.attempt, self.to.receives), "finished", None))

    def close(self) -> None:
        """No more comes."""
        self._gone = True
        if not self._process.dead:
            self._gateways.forget(self)
