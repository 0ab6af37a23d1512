"""`LaneConfig`: the one document that the operator (or local mode) writes and a worker reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from laneway.schema.job.keys import Place
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.pool.schedules.schedule import MAX_SCHEDULES, Period, quiet_periods
from laneway.schema.shared.base import Alias, Digest, Frozen, Pattern, Record

if TYPE_CHECKING:
    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool

DEFAULT_VISIBILITY_SECONDS = 60  # short, so that a killed worker's jobs come back soon; renewed by heartbeats
DEFAULT_POLL_SECONDS = 20  # SQS: the longest long poll
DEFAULT_TOKEN_GAP_SECONDS = 120  # a prompt of a full context may take this long on a CPU

HealthAddress = Annotated[
    str, Pattern(r"^[0-9.]+:[0-9]{1,5}$", "should be an IP address and a port, such as 0.0.0.0:8080")
]


class LaneSettings(Frozen):
    """What a pool does not say and its surroundings do: resolved queues, endpoints, prices."""

    queue: QueueURLs
    """The resolved queues of the lane."""
    region: str
    """The region where the pool names none."""
    endpoint: str | None = None
    """The endpoint of an AWS emulator; nothing for AWS itself."""
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
    model_image: str | None = None
    """The image that stands in the place of Ollama's models, where one does."""


class LaneModel(Record):
    """The model that the lane's Ollama serves."""

    name: str
    """Its Ollama tag."""
    digest: Digest | None = None
    """The only digest that may answer, where the pool pins one."""
    context_length: Annotated[int, Field(ge=512)]
    """Tokens of context for each request."""


class LaneLimits(Record):
    """What a job may take."""

    timeout_seconds: Annotated[int, Field(ge=1)]
    """The longest attempt."""
    token_gap_seconds: Annotated[int, Field(ge=1)]
    """The longest wait for a token."""
    expires_after_seconds: Annotated[int, Field(ge=1)]
    """The oldest a job may become, from submission."""
    max_attempts: Annotated[int, Field(ge=1)]
    """Attempts that may fail for a reason of the job's own."""
    max_tokens: Annotated[int, Field(ge=1)]
    """Cap and default of `num_predict`."""


class LaneConfig(Frozen):
    """Everything a worker needs to know, in one document."""

    version: Literal[1] = 1
    """Of this document's form."""
    pool: str
    """`namespace/name`."""
    lane: str
    """The lane's name."""
    model: LaneModel
    """What the lane serves."""
    model_image: str | None = None
    """The image that holds the model, read-only; the worker has nothing pulled then."""
    parallel: Annotated[int, Field(ge=1, le=64)]
    """Slots: requests that the lane's Ollama serves at once."""
    limits: LaneLimits
    """What a job may take."""
    queue: QueueURLs
    """Where jobs come from."""
    results: Place
    """Where results go."""
    destinations: dict[Alias, Place] = {}
    """Where outputs may go, by alias."""
    topic_arn: str | None = None
    """Who is told."""
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
    price_per_hour: Annotated[float, Field(ge=0)] | None = None
    """USD for an hour of the accelerator."""
    pod_reports: bool = False
    """Whether the worker writes its deletion cost and its trouble onto its own pod."""
    suspended: bool = False
    """Whether the worker starts nothing."""
    quiet: Annotated[tuple[Period, ...], Field(max_length=MAX_SCHEDULES)] = ()
    """When the worker starts nothing."""


def lane_config(pool: LLMWorkerPool, lane: Lane, settings: LaneSettings) -> LaneConfig:
    """The document for one lane of a pool: pure, so equal input gives an equal document."""
    model, limits = pool.model_of(lane), lane.limits
    named = pool.spec.notifications
    return LaneConfig(
        pool=pool.full_name,
        lane=lane.name,
        model=LaneModel(name=model.name, digest=model.digest, context_length=model.context_length),
        model_image=settings.model_image,
        parallel=lane.parallel,
        limits=LaneLimits(
            timeout_seconds=limits.timeout,
            token_gap_seconds=min(limits.timeout, DEFAULT_TOKEN_GAP_SECONDS),
            expires_after_seconds=limits.expires_after,
            max_attempts=limits.max_attempts,
            max_tokens=pool.max_tokens_of(lane),
        ),
        queue=settings.queue,
        results=pool.results,
        destinations=pool.destinations,
        topic_arn=settings.topic_arn or (named.sns.topic_arn if named else None),
        region=pool.region_or(settings.region),
        endpoint=settings.endpoint,
        ollama_url=settings.ollama_url,
        health_address=settings.health_address,
        drain_seconds=lane.drain_seconds,
        visibility_seconds=settings.visibility_seconds,
        poll_seconds=settings.poll_seconds,
        price_per_hour=settings.price_per_hour,
        pod_reports=settings.pod_reports,
        suspended=pool.spec.suspend,
        quiet=quiet_periods(lane.schedules),
    )
