"""`workers/<lane>/<worker>.json`: what a worker says of itself while it is there, for people on call. Without text."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from laneway.schema.job.result import Seconds, ServedModel
from laneway.schema.shared.base import JobId, Record

MAX_REPORT_BYTES = 256 * 1024  # of the document: 128 jobs with the longest ids are 30 KiB
MAX_JOBS = 128  # twice the slots: results that are being stored hold none
MAX_SLOTS = 64  # a lane's `parallel`
MAX_WORDS = 300
BUSY_LIVES_SECONDS = 60.0  # a report that is older is of a worker that has gone: three were due
IDLE_LIVES_SECONDS = 120.0  # of a worker that is idle: two were due
SLEEPS = "the lane sleeps: jobs wait"  # what a worker waits for that nobody has to mend
QUANTILES = 21  # the least, each twentieth, and the most

State = Literal["starting", "loading", "serving", "draining", "waits"]
"""`starting`: the engine is not there yet; `loading`: the model is on its way; `waits`: the words say for what."""
Quantiles = Annotated[tuple[Seconds, ...], Field(min_length=QUANTILES, max_length=QUANTILES)]
"""Seconds at 0 %, 5 %, …, 100 %."""


class RunningJob(Record):
    """A job that a worker has."""

    id: JobId
    """The job's id."""
    since: AwareDatetime
    """When its request went to Ollama, by the worker's clock."""
    attempt: Annotated[int, Field(ge=1, le=1000)]
    """Which attempt it is, from 1."""
    tokens: Annotated[int, Field(ge=0)] = 0
    """Written so far."""


class Runs(Record):
    """How long the last jobs of this worker ran."""

    count: Annotated[int, Field(ge=1, le=200)]
    """Jobs that the quantiles are of."""
    seconds: Quantiles
    """From the start to the last token."""


class StartSeconds(Record):
    """How long this worker took to come up, as far as that is over."""

    engine: Seconds | None = None
    """From its own start until its engine answered."""
    model: Seconds | None = None
    """From then until the model was loaded."""


class WorkerReport(Record):
    """`<prefix>workers/<lane>/<worker>.json`. Its age is that of the object: `at` is by the worker's own clock."""

    version: Literal[1] = 1
    """Of this document's form."""
    worker: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    """The pod, or the machine and the process."""
    lane: Annotated[str, StringConstraints(min_length=1, max_length=63)]
    """Its lane."""
    state: State
    """What it does."""
    words: Annotated[str, StringConstraints(max_length=MAX_WORDS)] = ""
    """The same for people, with what to do where something is wrong."""
    at: AwareDatetime
    """When this was written."""
    started_at: AwareDatetime
    """When the worker began."""
    state_since: AwareDatetime
    """When the state began."""
    slots: Annotated[int, Field(ge=0, le=MAX_SLOTS)]
    """Jobs that it takes at once."""
    jobs: Annotated[tuple[RunningJob, ...], Field(max_length=MAX_JOBS)] = ()
    """Those that its engine works on, the oldest first."""
    head_of_line_seconds: Seconds | None = None
    """How old the message was that it received last, as it came: so long the line was then."""
    received_at: AwareDatetime | None = None
    """When that came."""
    runs: Runs | None = None
    """Its last jobs."""
    finished: Annotated[int, Field(ge=0)] = 0
    """Jobs that it has answered since it began."""
    starts: StartSeconds = StartSeconds()
    """How it came up."""
    tokens_per_second: Seconds | None = None
    """Written in a second of its last jobs' run, over all of its slots."""
    model: ServedModel | None = None
    """What is loaded."""
    price_per_hour: Seconds | None = None
    """USD for an hour of its accelerator, where that is known."""

    @property
    def idle(self) -> bool:
        """Whether it is up and has no job: it reports less often then."""
        return not self.jobs and self.state in ("serving", "waits")
