"""`estimates/<lane>.json`: what senders may know of a lane, to reckon when it will be their turn. No ids, no text."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from laneway.schema.pool.schedules.schedule import MAX_SCHEDULES, Period
from laneway.schema.shared.base import Record

MAX_ESTIMATE_BYTES = 64 * 1024  # of the document: 200 run times, 60 start times and 1,200 ratios are some 12 KiB
MAX_SPAN_SECONDS = 365 * 24 * 3600.0  # whatever clocks say: sums of these are numbers
MAX_RUNS = 200
MAX_STARTS = 20
MAX_RATIOS = 100
MAX_WORKERS = 1000  # a lane's `maxReplicas`
MAX_STARTING = 100

Span = Annotated[float, Field(ge=0, le=MAX_SPAN_SECONDS)]
"""Seconds."""
Stage = Literal["node", "engine", "model"]
"""What a worker that does not serve yet waits for, in this order; `node` is a node, and the images on it."""
Depth = Literal["few", "tens", "hundreds"]
"""How many jobs were ahead: at most 8, at most 80, more. A long line errs less by chance, and more by drift."""
Standing = Literal["ready", "starting", "zero"]
"""Whether the lane served, came up, or had nobody, when something was foretold."""
Rate = Annotated[float, Field(ge=0, le=1_000_000_000)]
MAX_RATIO = 1000.0
Ratio = Annotated[float, Field(gt=0, le=MAX_RATIO)]

LastStarts = Annotated[tuple[Span, ...], Field(max_length=MAX_STARTS)]
"""The newest last."""


class Starting(Record):
    """A worker that is on its way."""

    stage: Stage
    """What it waits for."""
    seconds: Span
    """For how long it has, when this was written."""


class Starts(Record):
    """How long each stage took the last workers that came up."""

    node: LastStarts = ()
    """From a job in a lane at zero until a worker's first line: KEDA, a node, the images."""
    engine: LastStarts = ()
    """From then until the engine answers."""
    model: LastStarts = ()
    """From then until the model is loaded."""


class Correction(Record):
    """How waits that were foretold came out, of one kind."""

    depth: Depth
    """How many were ahead."""
    standing: Standing
    """How the lane stood."""
    ratios: Annotated[tuple[Ratio, ...], Field(max_length=MAX_RATIOS)] = ()
    """Actual ÷ foretold, the newest last."""


class LaneEstimate(Record):
    """`<prefix>estimates/<lane>.json`: written by workers, at most once a minute; the last one stays for a lane at
    zero.
    """

    version: Literal[1] = 1
    """Of this document's form."""
    lane: Annotated[str, StringConstraints(min_length=1, max_length=63)]
    """The lane."""
    at: AwareDatetime
    """When this was written, by a worker's clock."""
    workers: Annotated[int, Field(ge=0, le=MAX_WORKERS)]
    """Workers that serve."""
    slots: Annotated[int, Field(ge=0, le=MAX_WORKERS * 64)]
    """Jobs that these take at once."""
    running: Annotated[tuple[Span, ...], Field(max_length=MAX_RUNS)] = ()
    """For how long the jobs that run had run, some of them where there are many."""
    starting: Annotated[tuple[Starting, ...], Field(max_length=MAX_STARTING)] = ()
    """Workers that are on their way."""
    head_of_line_seconds: Annotated[tuple[Span, ...], Field(max_length=5)] = ()
    """How old the message was that came last, at each of the last writes, the newest last: a lane that grows shows."""
    finished: Annotated[int, Field(ge=0)] = 0
    """Jobs that the lane has answered since this document is kept."""
    run_seconds: Annotated[tuple[Span, ...], Field(max_length=MAX_RUNS)] = ()
    """How long the last ones ran, the newest last."""
    starts: Starts = Starts()
    """How long workers take to come up."""
    corrections: Annotated[tuple[Correction, ...], Field(max_length=9)] = ()
    """How estimates came out, one for each depth and standing."""
    tokens_per_second: Rate | None = None
    """Written in a second of a job's run, by the last jobs."""
    tokens_per_job: Rate | None = None
    """Written for a job, by the last jobs."""
    gpu_seconds_per_job: Span | None = None
    """A job's share of the accelerator, by the last jobs."""
    price_per_hour: Rate | None = None
    """USD for an hour of a worker's accelerator, where that is known."""
    parallel: Annotated[int, Field(ge=1, le=64)] = 1
    """Jobs that a worker takes at once."""
    suspended: bool = False
    """Whether somebody had stopped the lane when this was written."""
    quiet: Annotated[tuple[Period, ...], Field(max_length=MAX_SCHEDULES)] = ()
    """When the lane sleeps."""
