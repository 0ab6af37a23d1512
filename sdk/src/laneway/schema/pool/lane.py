"""A lane as people write it: its queue, its model, its limits, how it scales and where it runs."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.pool.pods.fields import LanePods
from laneway.schema.pool.pods.resources import Resources
from laneway.schema.pool.queues.queue import Managed, Queue, retention_for
from laneway.schema.pool.schedules.schedule import MAX_SCHEDULES, Schedule
from laneway.schema.shared.base import (
    DURATION_PATTERN,
    SMALL,
    Alias,
    Digest,
    Duration,
    KubernetesModel,
    Pattern,
    cel,
    duration_text,
    list_map,
    twice,
)
from laneway.schema.shared.hints import Called

MAX_TIMEOUT_SECONDS = 11 * 3600 + 1800  # below SQS's 12 hours of visibility in total
MAX_EXPIRES_AFTER_SECONDS = 13 * 24 * 3600  # below SQS's longest retention of 14 days
MAX_DRAIN_SECONDS = 30 * 60
MIN_COOLDOWN_SECONDS = 60  # SQS: counts settle within about a minute
MAX_COOLDOWN_SECONDS = 6 * 3600
MIN_POLL_SECONDS = 5  # 35,000 calls a day and lane: about 0.4 USD a month
MAX_POLL_SECONDS = 60  # jobs that nobody wakes a worker for are told of after two minutes
MAX_PERIOD_SECONDS = 30 * 60  # the autoscaler's own bound
COOLDOWN_TOO_SHORT = (
    "cooldown should be at least 1m: SQS's counts are approximate, and a queue that looks empty once would end all "
    "workers"
)
COOLDOWN_RULE = f"!self.matches(r'{DURATION_PATTERN}') || duration(self) >= duration('{MIN_COOLDOWN_SECONDS}s')"
FLOOR_TOO_HIGH = "minReplicas should be at most maxReplicas, which is 1 where it isn't given"
SCHEDULED_FLOOR_TOO_HIGH = "the minReplicas of a schedule should be at most scaling.maxReplicas"
EXPIRY_TOO_SHORT = "limits.expiresAfter should be at least limits.timeout, which is 5m where it isn't given"
PROFILE_TWICE = "a placement profile is named twice; name each once"
DEFAULT_CONTEXT_LENGTH = 8192  # always sent: Ollama's own default depends on the VRAM

LaneName = Annotated[
    str,
    StringConstraints(max_length=20),
    Pattern(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", f"should be {SMALL}, such as fast"),
]
ModelName = Annotated[
    str,
    StringConstraints(max_length=256),
    Pattern(
        r"^(([A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}/)?[A-Za-z0-9_][A-Za-z0-9_-]{0,79}/)?"
        r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,79})?$",
        "should be a model's name as Ollama writes it, without spaces and https://, such as gemma3:4b or "
        "registry.example:5000/nlp/gemma3:4b; a digest goes into the field digest",
    ),
]
"""Registry and port, namespace, model, tag:
https://github.com/ollama/ollama/blob/v0.32.15/types/model/name.go
"""


class Model(KubernetesModel):
    """The model that a lane serves."""

    name: ModelName
    """An Ollama tag, such as `gemma3:4b`."""
    digest: Digest | None = None
    """A worker serves exactly this digest, or says why it can't. `ollama list` shows its first 12 digits."""
    context_length: Annotated[int, Field(ge=512, le=1_048_576)] = DEFAULT_CONTEXT_LENGTH
    """Tokens of context for each request, prompt and answer together."""


class Limits(KubernetesModel):
    """What a job may take."""

    timeout: Annotated[Duration, Field(ge=1, le=MAX_TIMEOUT_SECONDS, json_schema_extra={"default": "5m"})] = 300
    """The longest a job may run in one attempt: 1s to 11h30m."""
    expires_after: Annotated[
        Duration, Field(ge=60, le=MAX_EXPIRES_AFTER_SECONDS, json_schema_extra={"default": "24h"})
    ] = 24 * 3600
    """Jobs older than this, counted from submission, expire: 1m to 312h."""
    max_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """Attempts that may fail for a reason of the job's own. Interruptions never count."""
    max_tokens: Annotated[int, Field(ge=1, le=131_072)] | None = None
    """Cap and default of a job's `num_predict`. Default: 2048, at most half the context."""


def _check_cooldown(seconds: int) -> int:
    if seconds < MIN_COOLDOWN_SECONDS:
        raise ValueError(COOLDOWN_TOO_SHORT)
    return seconds


class ScaleIn(KubernetesModel):
    """How fast workers leave while there are still jobs, but for fewer of them: a part in each period, at least one."""

    percent: Annotated[int, Field(ge=1, le=100)] = 20
    """The most of the workers at a period's beginning that leave within it: 1 to 100 %, and always one."""
    period: Annotated[Duration, Field(ge=15, le=MAX_PERIOD_SECONDS, json_schema_extra={"default": "1m"})] = 60
    """How long a period lasts: 15s to 30m."""


class Scaling(KubernetesModel):
    """How many workers a lane has: enough for its queue, between a floor and a ceiling."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("self.minReplicas <= self.maxReplicas", FLOOR_TOO_HIGH),
        )
    )

    min_replicas: Annotated[int, Field(ge=0, le=1000)] = 0
    """Workers that are kept while the queue is empty."""
    max_replicas: Annotated[int, Field(ge=1, le=1000)] = 1
    """Workers at most."""
    jobs_per_replica: Annotated[int, Field(ge=1, le=10_000)] = 4
    """Jobs, waiting and running, that call for one more worker."""
    cooldown: Annotated[
        Duration,
        AfterValidator(_check_cooldown),
        Field(
            ge=MIN_COOLDOWN_SECONDS,
            le=MAX_COOLDOWN_SECONDS,
            json_schema_extra={"default": "5m"} | cel((COOLDOWN_RULE, COOLDOWN_TOO_SHORT)),
        ),
    ] = 300
    """How long after the last job all workers leave that no floor keeps: 1m to 6h. SQS's counts are approximate, so a
    shorter one could end all of them with jobs in the queue.
    """
    polling_interval: Annotated[
        Duration, Field(ge=MIN_POLL_SECONDS, le=MAX_POLL_SECONDS, json_schema_extra={"default": "5s"})
    ] = MIN_POLL_SECONDS
    """How often KEDA looks at the lane's queue: 5s to 1m. A job may wait for so long until a worker is asked for, and
    each look is two calls to SQS.
    """
    scale_in: ScaleIn = ScaleIn()
    """How fast workers leave while there are still jobs, but for fewer of them."""

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"minReplicas ({self.min_replicas}) should be at most maxReplicas ({self.max_replicas})")
        return self


class Placement(KubernetesModel):
    """On which nodes a lane runs."""

    model_config = ConfigDict(
        json_schema_extra=cel(("self.profiles.all(a, self.profiles.exists_one(b, a == b))", PROFILE_TWICE))
    )

    profiles: Annotated[tuple[Alias, ...], Field(min_length=1, max_length=4)]
    """Placement profiles by their names, the preferred one first. All have the same accelerator; where their prices
    differ, results have no cost.
    """

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        name = twice(self.profiles)
        if name is not None:
            raise ValueError(f"the placement profile {name} is named twice; name each once")
        return self


class Lane(KubernetesModel):
    """One queue and its workers."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                (
                    f"![self.limits.expiresAfter, self.limits.timeout].all(d, d.matches(r'{DURATION_PATTERN}')) || "
                    "duration(self.limits.expiresAfter) >= duration(self.limits.timeout)"
                ),
                EXPIRY_TOO_SHORT,
            ),
            (
                ("self.schedules.all(s, !has(s.minReplicas) || s.minReplicas <= self.scaling.maxReplicas)"),
                SCHEDULED_FLOOR_TOO_HIGH,
            ),
        )
    )

    name: LaneName
    """Unique in the pool."""
    queue: Queue = Queue(managed=Managed())
    """The lane's queue; by default Laneway makes it."""
    model: Model | None = None
    """The lane's model. Default: the pool's."""
    parallel: Annotated[int, Field(ge=1, le=64)] = 1
    """Requests that the lane's Ollama serves at once; a worker takes as many jobs."""
    limits: Limits = Limits()
    """What a job may take."""
    scaling: Scaling = Scaling()
    """How many workers the lane has. On one machine it is one."""
    schedules: Annotated[tuple[Schedule, ...], Field(max_length=MAX_SCHEDULES, json_schema_extra=list_map("name"))] = ()
    """When the lane keeps more workers, and when it sleeps."""
    placement: Placement | None = None
    """On which nodes the lane runs. Default: on any node, without an accelerator."""
    drain_timeout: Annotated[Duration, Field(ge=1, le=MAX_DRAIN_SECONDS)] | None = None
    """How long a leaving worker may finish what it runs: 1s to 30m. Default: the timeout, at most 30m."""
    pods: Annotated[LanePods | None, Called("podTemplate")] = None
    """What its workers' pods have besides, over what the pool says. Default: what the pool says."""
    resources: Resources | None = None
    """What its Ollama asks for besides the accelerator, which the placement profile gives. Default: nothing."""
    suspend: bool = False
    """No job of this lane is started, and its jobs wait; those that run have their `drainTimeout`."""

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        expiry, timeout = self.limits.expires_after, self.limits.timeout
        if expiry < timeout:
            raise ValueError(
                f"limits.expiresAfter ({duration_text(expiry)}) should be at least limits.timeout "
                f"({duration_text(timeout)})"
            )
        return self

    @model_validator(mode="after")
    def _check_schedules(self) -> Self:
        name = twice(each.name for each in self.schedules)
        if name is not None:
            raise ValueError(f"two schedules have the same name, {name}; give each its own")
        for each in self.schedules:
            if (each.min_replicas or 0) > self.scaling.max_replicas:
                raise ValueError(
                    f"minReplicas of the schedule {each.name} ({each.min_replicas}) should be at most "
                    f"scaling.maxReplicas ({self.scaling.max_replicas})"
                )
        return self

    @property
    def profiles(self) -> tuple[str, ...]:
        """The placement profiles that the lane names."""
        return self.placement.profiles if self.placement else ()

    @property
    def retention_seconds(self) -> int:
        """How long a managed queue keeps a message."""
        return retention_for(self.limits.expires_after)

    @property
    def drain_seconds(self) -> int:
        """How long a leaving worker may finish what it runs."""
        return self.drain_timeout or min(self.limits.timeout, MAX_DRAIN_SECONDS)
