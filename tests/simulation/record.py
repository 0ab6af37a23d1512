"""A world's history, sorted so that checks are short."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from laneway.schema.job.result import Result
from simulation.history import Put, Ran, Received, Sent, Signal
from simulation.scenario import BUCKET, PREFIX

if TYPE_CHECKING:
    from simulation.history import Event
    from simulation.jobs import Plan
    from simulation.world import World

RESULTS, FAILED, CANCELS = f"{PREFIX}results/", f"{PREFIX}failed/", f"{PREFIX}cancels/"
SKEW_SECONDS = 2.5  # by which a process's clock, and the rounding of times, may be off


class Record:
    """A world's history, sorted so that checks are short."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.jobs: dict[str, Plan] = world.jobs
        self.by: dict[type, list[tuple[Event, Any]]] = defaultdict(list)
        for event in world.history.events:
            self.by[type(event.what)].append((event, event.what))
        self.sent: dict[str, tuple[Event, Sent]] = {what.message: (event, what) for event, what in self.by[Sent]}
        self.results: dict[str, list[tuple[Event, Put, Result | None]]] = defaultdict(list)
        for event, put in self.by[Put]:
            if put.bucket == BUCKET and put.key.startswith(RESULTS):
                job = put.key[len(RESULTS) : -len(".json")]
                self.results[job].append((event, put, read_result(put.body)))
        self.received: dict[str, tuple[Event, Received]] = {
            what.handle: (event, what) for event, what in self.by[Received]
        }
        self.ran: dict[str, list[tuple[Event, Ran]]] = defaultdict(list)
        for event, ran in self.by[Ran]:
            self.ran[ran.prompt].append((event, ran))

        self.accepted = [(event.at, sent.body) for event, sent in self.by[Sent] if event.who in ("sender", "person")]

    def prompt_of(self, message: str) -> str:
        """The mark of a message's job."""
        return self.jobs[self.job_of(message)].prompt

    def job_of(self, message: str) -> str:
        """The job that a message asks for."""
        return self.world.origins[self.sent[message][1].origin]

    def deadline(self, plan: Plan) -> float:
        """When the first copy of a job expires."""
        bound = min(plan.sent_at) + self.world.scenario.lane.live.limits.expires_after_seconds
        return bound if plan.expires_at is None else min(bound, plan.expires_at)

    def was_stopped(self, who: str) -> bool:
        """Whether a process was held by SIGSTOP for a while."""
        return any(event.who == who and signal.kind == "stopped" for event, signal in self.by[Signal])

    def standing(self, job: str, at: int) -> tuple[str, Result | None] | None:
        """ETag and record of the result that stood at an event."""
        found = None
        for event, put, result in self.results.get(job, ()):
            if event.number < at:
                found = (put.etag, result)
        return found


def read_result(body: bytes) -> Result | None:
    try:
        return Result.model_validate_json(body)
    except ValueError:
        return None


def message_of(handle: str) -> str:
    """The message that a handle belongs to."""
    return handle.partition("/")[0]
