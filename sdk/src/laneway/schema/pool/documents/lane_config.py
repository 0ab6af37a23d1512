"""`LaneConfig`: the document that a worker reads once, as it starts. What it reads again is `LiveConfig`."""

from __future__ import annotations

from operator import not_
from typing import Annotated, Literal

from pydantic import Field

from laneway.schema.job.keys import Place
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.shared.base import Digest, Frozen, Pattern, Record

DEFAULT_VISIBILITY_SECONDS = 60  # short, so that a killed worker's jobs come back soon; renewed by heartbeats
DEFAULT_POLL_SECONDS = 20  # SQS: the longest long poll

HealthAddress = Annotated[
    str,
    Pattern(r"^([0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$", "should be an IP address and a port, such as [::]:8080"),
]


class LaneSettings(Frozen):
    """What a pool does not say and its surroundings do: resolved queues, endpoints, prices."""

    queue: QueueURLs
    """The resolved queues of the lane."""
    region: str
    """The region where the pool names none."""
    endpoint: str | None = None
    """The endpoint of an AWS emulator; nothing for AWS itself."""
    events_queue_url: str | None = None
    """The resolved events queue, where the pool has a table."""
    topic_arn: str | None = None
    """The resolved topic; it stands for the pool's, which an emulator has not."""
    ollama_url: str = "http://127.0.0.1:11434"
    """Where the lane's Ollama listens."""
    health_address: str = "127.0.0.1:8080"
    """Where the worker serves its probes and metrics."""
    visibility_seconds: Annotated[int, Field(ge=25, le=600)] = DEFAULT_VISIBILITY_SECONDS
    """How long a lease lasts without a heartbeat."""
    poll_seconds: Annotated[int, Field(ge=1, le=20)] = DEFAULT_POLL_SECONDS
    """How long a receive waits for a message."""
    price_per_hour: Annotated[float, Field(ge=0)] | None = None
    """USD for an hour of the lane's accelerator."""
    pod_reports: bool = False
    """Whether workers may write onto their own pods."""
    model_volume: str | None = None
    """What stands in the place of Ollama's models, where something does."""
    local: bool = False
    """Whether all of the pool is on one machine."""


class LaneModel(Record):
    """The model that the lane's Ollama serves."""

    name: str
    """Its Ollama tag."""
    digest: Digest | None = None
    """The only digest that may answer, where the pool pins one."""
    context_length: Annotated[int, Field(ge=512)]
    """Tokens of context for each request."""


class LaneConfig(Frozen):
    """What a worker is started with: a change of it replaces the lane's workers."""

    version: Literal[1] = 1
    """Of this document's form."""
    pool: str
    """`namespace/name`."""
    lane: str
    """The lane's name."""
    model: LaneModel
    """What the lane serves."""
    model_volume: str | None = None
    """What holds the model, read-only, in words, such as `volume claim models`; the worker has nothing pulled then."""
    parallel: Annotated[int, Field(ge=1, le=64)]
    """Slots: requests that the lane's Ollama serves at once."""
    queue: QueueURLs
    """Where jobs come from."""
    results: Place
    """Where results go."""
    region: str
    """AWS region."""
    endpoint: str | None = None
    """The endpoint of an AWS emulator."""
    ollama_url: Annotated[
        str, Pattern(r"^https?://[^/\s]+$", "should be a URL without a path, such as http://127.0.0.1:11434")
    ]
    """Where Ollama listens."""
    health_address: HealthAddress
    """Where probes and metrics are served."""
    drain_seconds: Annotated[int, Field(ge=1)]
    """How long a leaving worker may finish what it runs."""
    visibility_seconds: Annotated[int, Field(ge=25, le=600)]
    """How long a lease lasts without a heartbeat."""
    poll_seconds: Annotated[int, Field(ge=1, le=20)]
    """How long a receive waits for a message."""
    pod_reports: bool = False
    """Whether the worker writes its deletion cost, what it serves and its trouble onto its own pod."""
    hold_node: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether it asks node autoscalers there to leave its node alone while a job runs."""
    local: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether gateways may be on this machine, at any port; a document that does not say so need not change."""
