"""The pool as people write it: one `LLMWorkerPool` in YAML. A field exists here from the day it works."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.base import Alias, Digest, Duration, KubernetesModel
from laneway.schema.keys import Place

MAX_TIMEOUT_SECONDS = 11 * 3600 + 1800  # below SQS's 12 hours of visibility in total
MAX_EXPIRES_AFTER_SECONDS = 13 * 24 * 3600  # below SQS's longest retention of 14 days
MAX_DRAIN_SECONDS = 30 * 60
DEFAULT_MAX_TOKENS = 2048
DEFAULT_CONTEXT_LENGTH = 8192  # always sent: Ollama's own default depends on the VRAM

PoolName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
LaneName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=20)]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_=-][A-Za-z0-9_.=-]*/)+$", max_length=200)]
QueueURL = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s?#]+/[^\s?#]+$", max_length=512)]
TopicARN = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,5}(-[a-z]+)+-[0-9]$", max_length=32)]
ModelName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*(:[A-Za-z0-9._-]+)?$", max_length=256)
]


class Model(KubernetesModel):
    """The model that a lane serves."""

    name: ModelName
    """An Ollama tag, such as `gemma3:4b`."""
    digest: Digest | None = None
    """A worker serves exactly this digest, or says why it can't. `ollama list` shows it."""
    context_length: Annotated[int, Field(ge=512, le=1_048_576)] = DEFAULT_CONTEXT_LENGTH
    """Tokens of context for each request, prompt and answer together."""


class Results(KubernetesModel):
    """Where results go."""

    bucket: BucketName
    """The S3 bucket."""
    prefix: Prefix | None = None
    """Key prefix, ending with a slash. Default: the pool's name and a slash."""


class Destination(KubernetesModel):
    """A place that jobs may name to have their output written there."""

    name: Alias
    """What a job writes in `destination`."""
    bucket: BucketName
    """The S3 bucket."""
    prefix: Prefix | None = None
    """Key prefix, ending with a slash."""


class SNS(KubernetesModel):
    """An SNS topic."""

    topic_arn: Annotated[TopicARN, Field(alias="topicARN")]
    """The topic's ARN."""


class Notifications(KubernetesModel):
    """Who is told when a result is there."""

    sns: SNS
    """An SNS topic."""


class AWS(KubernetesModel):
    """Where the pool's AWS resources are."""

    region: Region
    """The AWS region."""


class Managed(KubernetesModel):
    """A queue and a dead-letter queue that Laneway makes, and keeps when the pool is deleted."""


class Queue(KubernetesModel):
    """Exactly one of `managed` and `url`."""

    managed: Managed | None = None
    """Laneway makes the queue and its dead-letter queue."""
    url: QueueURL | None = None
    """A standard queue of your own."""
    dead_letter_url: Annotated[QueueURL | None, Field(alias="deadLetterURL")] = None
    """The dead-letter queue of your own queue."""

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.managed is None) == (self.url is None):
            raise ValueError("give exactly one of managed and url")
        if (self.url is None) != (self.dead_letter_url is None):
            raise ValueError("url and deadLetterURL go together")
        return self


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


class Lane(KubernetesModel):
    """One queue and its workers."""

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
    drain_timeout: Annotated[Duration, Field(ge=1, le=MAX_DRAIN_SECONDS)] | None = None
    """How long a leaving worker may finish what it runs: 1s to 30m. Default: the timeout, at most 30m."""

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if self.limits.expires_after < self.limits.timeout:
            raise ValueError("limits.expiresAfter should be at least limits.timeout")
        return self

    @property
    def drain_seconds(self) -> int:
        """How long a leaving worker may finish what it runs."""
        return self.drain_timeout or min(self.limits.timeout, MAX_DRAIN_SECONDS)


class Spec(KubernetesModel):
    """What the platform team declares."""

    model: Model
    """The model of every lane that names none of its own."""
    results: Results
    """Where results go."""
    destinations: Annotated[tuple[Destination, ...], Field(max_length=32)] = ()
    """Other places that jobs may name for their output."""
    notifications: Notifications | None = None
    """Who is told when a result is there."""
    aws: AWS | None = None
    """Where the pool's AWS resources are."""
    lanes: Annotated[tuple[Lane, ...], Field(min_length=1, max_length=16)]
    """The lanes, 1 to 16; the first one is where clients send jobs that name no lane."""

    @model_validator(mode="after")
    def _check_across(self) -> Self:
        for what, names in (
            ("lanes", [lane.name for lane in self.lanes]),
            ("destinations", [destination.name for destination in self.destinations]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"two {what} have the same name; give each its own")
        urls = [url for lane in self.lanes for url in (lane.queue.url, lane.queue.dead_letter_url) if url]
        if len(set(urls)) != len(urls):
            raise ValueError("two lanes use the same queue; give each its own")
        for lane in self.lanes:
            model = lane.model or self.model
            if (lane.limits.max_tokens or 0) >= model.context_length:
                raise ValueError(
                    f"lane {lane.name}: limits.maxTokens ({lane.limits.max_tokens}) should be smaller than the model's "
                    f"contextLength ({model.context_length}), which holds prompt and answer"
                )
        return self


class Metadata(KubernetesModel):
    """The Kubernetes metadata that Laneway reads; the rest is Kubernetes' own and passed over."""

    model_config = ConfigDict(extra="ignore")

    name: PoolName
    """At most 40 characters: names of queues are built from it."""
    namespace: Annotated[str, StringConstraints(max_length=63)] = "default"
    """The namespace."""


class LLMWorkerPool(KubernetesModel):
    """A pool: the model, the lanes, where results go."""

    api_version: Literal["laneway.dev/v1alpha1"]
    """Always `laneway.dev/v1alpha1`."""
    kind: Literal["LLMWorkerPool"]
    """Always `LLMWorkerPool`."""
    metadata: Metadata
    """Name and namespace."""
    spec: Spec
    """What the pool is."""

    @property
    def full_name(self) -> str:
        """`namespace/name`."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def results(self) -> Place:
        """Where results go, with the default prefix filled in."""
        prefix = self.spec.results.prefix
        return Place(bucket=self.spec.results.bucket, prefix=prefix or f"{self.metadata.name}/")

    @property
    def destinations(self) -> dict[str, Place]:
        """Alias → place."""
        return {each.name: Place(bucket=each.bucket, prefix=each.prefix or "") for each in self.spec.destinations}

    def model_of(self, lane: Lane) -> Model:
        """The model that a lane serves."""
        return lane.model or self.spec.model

    def max_tokens_of(self, lane: Lane) -> int:
        """The lane's cap of `num_predict`."""
        half = self.model_of(lane).context_length // 2
        return lane.limits.max_tokens or min(DEFAULT_MAX_TOKENS, half)


def parse_pool(document: Any) -> LLMWorkerPool:
    """Validate a pool read from YAML; raises pydantic's ValidationError. It goes through JSON, because YAML has types
    (dates, sets) that a Kubernetes object has not.
    """
    return LLMWorkerPool.model_validate_json(json.dumps(document, default=str))
