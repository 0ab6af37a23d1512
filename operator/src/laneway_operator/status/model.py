"""The status of a pool, as the CRD has it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from laneway.schema.shared.base import KubernetesModel, list_map

READY = "Ready"
MAX_MESSAGE = 2048
MAX_KINDS = 4  # of workers that serve a lane: two in a rollout, and a tag may have been moved

Text = Annotated[str, StringConstraints(max_length=512)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Replicas = Annotated[int, Field(ge=0, json_schema_extra={"format": "int32"})]


class Written(KubernetesModel):
    """A model that we write ourselves, by Python's names."""

    model_config = ConfigDict(populate_by_name=True)


class Condition(Written):
    """One condition (https://github.com/kubernetes/community/blob/main/contributors/devel/sig-architecture/api-conventions.md)."""

    type: Annotated[str, StringConstraints(max_length=63)]
    """`Ready` is the summary of the others."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    reason: Annotated[str, StringConstraints(max_length=63)]
    """Why, in one word."""
    message: Annotated[str, StringConstraints(max_length=MAX_MESSAGE)]
    """Why, in words, and what to do."""
    last_transition_time: Time
    """When `status` last changed."""
    observed_generation: Annotated[int, Field(ge=0)]
    """The generation that it tells of."""


class Serving(Written):
    """What answers a lane's jobs."""

    model_digest: Annotated[str | None, StringConstraints(max_length=71)] = None
    """Of the model that is loaded, where workers may write onto their pods (`podReports` of the operator's chart)."""
    engine_image: Annotated[str | None, StringConstraints(max_length=600)] = None
    """The image of Ollama, with its digest where the node's runtime tells it."""


class LaneStatus(Written):
    """A lane as it is."""

    name: Annotated[str, StringConstraints(max_length=20)]
    """The lane."""
    queue_url: Annotated[Text | None, Field(alias="queueURL")] = None
    """Where jobs are sent."""
    dead_letter_queue_url: Annotated[Text | None, Field(alias="deadLetterQueueURL")] = None
    """Where SQS moves what killed its workers."""
    replicas: Replicas = 0
    """Workers wanted."""
    ready_replicas: Replicas = 0
    """Workers with the model loaded."""
    stage: Annotated[str | None, StringConstraints(max_length=32)] = None
    """How far the worker is that is farthest: `NodeStarting`, `PullingImages`, `StartingOllama`, `LoadingModel`,
    `Serving`; where there is none: `AtZero`, `Asleep`, `Suspended` or `Paused`.
    """
    conditions: Annotated[tuple[Condition, ...], Field(max_length=4, json_schema_extra=list_map("type"))] = ()
    """`Ready` alone: that of this lane. It is as the pool's, without what is wrong with other lanes."""
    rollout_waiting_since: Time | None = None
    """Since when its workers are to be replaced, and it isn't the lane's turn. Absent where it doesn't wait."""
    serving: Annotated[tuple[Serving, ...], Field(max_length=MAX_KINDS)] | None = None
    """What ready workers serve: one entry, or in a rollout those of the new workers first. Absent where none tells."""


class FormerLane(Written):
    """A lane that was taken out of the pool, and whose queues hold something yet."""

    name: Annotated[str, StringConstraints(max_length=20)]
    """The lane."""
    queue_url: Annotated[Text, Field(alias="queueURL")]
    """Where its jobs are."""
    dead_letter_queue_url: Annotated[Text, Field(alias="deadLetterQueueURL")]
    """Where its dead letters are."""
    messages: Replicas | None = None
    """How many both hold, about; absent where the operator can't tell."""
    empty_since: Time | None = None
    """Since when they hold nothing: five minutes later the lane goes, as SQS counts approximately."""


class PoolStatus(Written):
    """What the operator says of a pool. Written only when something changed."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The generation of the spec that this tells of."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Conditions."""
    operator: Text | None = None
    """The operator of some namespaces whose the pool is: namespace and name of its release. Others leave it alone.
    Absent where an operator of all namespaces serves it.
    """
    events_queue_url: Annotated[Text | None, Field(alias="eventsQueueURL")] = None
    """Where workers tell of results, of a pool that has a table, or has had one."""
    lane_count: Annotated[int, Field(ge=0)] = 0
    """Lanes."""
    workers: Annotated[str, StringConstraints(max_length=32)] = "0/0"
    """Workers ready and wanted, for people."""
    ready_workers: Replicas = 0
    """Workers with their model loaded, of all lanes."""
    desired_workers: Replicas = 0
    """Workers wanted, of all lanes."""
    lanes: Annotated[tuple[LaneStatus, ...], Field(max_length=16, json_schema_extra=list_map("name"))] = ()
    """The lanes, in the pool's order."""
    former_lanes: Annotated[tuple[FormerLane, ...], Field(max_length=16, json_schema_extra=list_map("name"))] | None = (
        None
    )
    """Lanes that were taken out and drain: their workers stay as they were until both queues are empty, or until a
    person gives the lane up by the annotation `laneway.dev/abandon-lanes`.
    """
