"""What a job's work ends in, and the result records made of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob, Job, StoredJob, parse_message
from laneway.schema.job.result import MAX_RESULT_BYTES, Cost, ErrorDetail, Result, Status, Timing, Usage
from laneway_worker.errors import JobError
from laneway_worker.ports.replies import NO_CHANNEL

if TYPE_CHECKING:
    from datetime import datetime

    from laneway.schema.estimate.foretold import Foretold
    from laneway.schema.job.history import History
    from laneway.schema.job.result import ServedModel
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.live_config import LiveConfig
    from laneway_worker.deliver.claims import Claim
    from laneway_worker.engine.engine import Generated
    from laneway_worker.ports.queue import Delivery
    from laneway_worker.ports.replies import Channel

SECONDS_PER_HOUR = 3600
MAX_ATTEMPT = 1000  # as reports count


@dataclass(frozen=True)
class Finished:
    """There is a result to commit."""

    result: Result
    task: Task
    destination: str | None = None


@dataclass(frozen=True)
class Found:
    """A result is there already: only its notification and the delete are left."""

    job_id: str


@dataclass(frozen=True)
class TryAgain:
    """Send the job again with this history after a delay."""

    history: History
    after_seconds: int


@dataclass(frozen=True)
class Released:
    """Give the message back at once."""


@dataclass(frozen=True)
class Lost:
    """The lease is lost: the message is somebody else's."""


Outcome = Finished | Found | TryAgain | Released | Lost


@dataclass
class Task:
    """One job while it is worked on."""

    delivery: Delivery
    id: str
    """As its message names it; whether it is the job's own, `claim` tells."""
    history: History
    received_at: datetime
    live: LiveConfig
    """What held when it came: a change is for jobs that come later."""
    points: bool = False
    """Whether the message only points to the stored body."""
    job: Job | None = None
    request_hash: str | None = None
    started_at: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)
    claim: Claim | None = None
    """Where the outcome belongs, once that is known."""
    channel: Channel = NO_CHANNEL
    """Who hears of it."""

    @property
    def attempt(self) -> int:
        """Which attempt it is, from 1."""
        return min(MAX_ATTEMPT, self.history.attempts + 1)

    @property
    def foretold(self) -> Foretold | None:
        """What wait its sender was told of."""
        return self.claim.foretold if self.claim else None

    @property
    def own_id(self) -> str:
        """The id that the outcome belongs to, as far as known."""
        return self.claim.job_id if self.claim else self.id

    @classmethod
    def of(cls, delivery: Delivery, now: datetime, live: LiveConfig) -> Task:
        """A message whose body has not been read."""
        history = delivery.read_history()
        return cls(delivery, history.id, history, now, live)

    def read(self, body: bytes, model: str) -> Job | StoredJob:
        """Read what the message holds; the id is known afterwards, also where `InvalidJob` is raised."""
        try:
            message = parse_message(body)
        except InvalidJob as error:
            self.id = error.job_id or self.id
            raise
        self.id = message.id or self.id
        self.points = isinstance(message, StoredJob)
        if isinstance(message, Job):
            self.take(message, model)
        return message

    def take(self, job: Job, model: str) -> None:
        """The job that the message holds or points to."""
        self.job = job
        self.labels = job.labels or {}
        self.request_hash = job.request_hash(model)


class Records:
    """Makes the results of one lane."""

    def __init__(self, config: LaneConfig) -> None:
        """The lane whose name stands in the results."""
        self._config = config

    def succeeded(self, task: Task, done: Generated, parsed: object, model: ServedModel, now: datetime) -> Result:
        """The result of an answered job."""
        answer = done.answer
        usage = Usage(prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens)
        return self._record(
            task,
            "succeeded",
            now,
            first_token_at=answer.first_token_at,
            model=model,
            text=answer.text,
            thinking=answer.thinking,
            message=answer.message,
            parsed=parsed,
            embeddings=answer.embeddings,
            finish_reason=answer.finish_reason,
            usage=usage,
            engine=answer.engine,
            cost=_cost(done.gpu_seconds, task.live.price_per_hour),
        )

    def ended(
        self, task: Task, status: Status, code: ErrorCode, message: str, model: ServedModel, now: datetime
    ) -> Result:
        """The result of a job without an answer."""
        return self._record(task, status, now, model=model, error=ErrorDetail.of(code, message))

    def _record(
        self, task: Task, status: Status, now: datetime, *, first_token_at: datetime | None = None, **fields: object
    ) -> Result:
        started = task.started_at
        submitted = task.history.submitted_at
        timing = Timing(
            submitted_at=submitted,
            received_at=task.received_at,
            started_at=started,
            first_token_at=first_token_at,
            finished_at=now,
            queued_seconds=_seconds(submitted, started or now),
            run_seconds=_seconds(started, now) if started else 0.0,
        )
        everywhere = {
            "id": task.id,
            "status": status,
            "timing": timing,
            "failures": task.history.failures,
            "pool": self._config.pool,
            "lane": self._config.lane,
            "labels": task.labels,
            "request_hash": task.request_hash,
        }
        result = Result.model_validate(everywhere | fields)
        body = result.to_json()  # what can't be written should fail here, where it can still be said
        size = len(body)
        if size > MAX_RESULT_BYTES:  # it could not be read again
            words = f"the answer has {size:,} bytes as JSON, of which at most {MAX_RESULT_BYTES:,} are stored"
            raise JobError(ErrorCode.INVALID_JOB, f"{words}; ask for less in one job")
        if result.message is not None:  # tool calls may be nested deeper than is read; a little deeper is written
            Result.model_validate_json(body)
        return result


def _cost(gpu_seconds: float, price: float | None) -> Cost:
    usd = None if price is None else round(gpu_seconds * price / SECONDS_PER_HOUR, 9)
    return Cost(gpu_seconds=round(gpu_seconds, 3), usd=usd)


def _seconds(start: datetime, end: datetime) -> float:
    return round(max(0.0, (end - start).total_seconds()), 3)
