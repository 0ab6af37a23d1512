"""The pool as people write it: one `LLMWorkerPool` in YAML. A field exists here from the day it works."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.job.keys import Place
from laneway.schema.pool.account import ServiceAccount
from laneway.schema.pool.gateway import GATEWAYS_LANES, GATEWAYS_LANES_ARE_THE_POOLS, Gateway
from laneway.schema.pool.lane import Lane, Model
from laneway.schema.pool.metadata import Annotations, Metadata, Suspension
from laneway.schema.pool.model_store import ModelImage, ModelStore, VolumeClaim
from laneway.schema.pool.places import Destination, Notifications, Results
from laneway.schema.pool.pods.fields import Pods
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.pool.table import Table
from laneway.schema.shared.base import (
    ALIAS,
    KubernetesModel,
    Pattern,
    cel,
    list_map,
    twice,
)
from laneway.schema.shared.hints import Called
from laneway.schema.shared.names import PAUSED_LANES, preflight_account_name, worker_account_name
from laneway.schema.shared.regions import REGION_PATTERN, Contradiction, Said, choose, region_of_queue

DEFAULT_MAX_TOKENS = 2048

IN_RESULTS = (
    "a destination and the pool's own results should not lie in each other: give it another bucket, or another prefix"
)
OWN_QUEUES = "give each lane a queue and a dead-letter queue of its own"
ONE_REGION = "queues and workers of a pool are in one region: correct the URL, or aws.region"

EngineName = Annotated[
    str,
    StringConstraints(max_length=63),
    Pattern(
        ALIAS, "should be the name of one of the operator's engines, not an image or a version: such as ollama-0-32"
    ),
]
Region = Annotated[
    str,
    StringConstraints(max_length=32),
    Pattern(f"^{REGION_PATTERN}$", "should be a region as AWS names it, such as eu-west-1"),
]


class AWS(KubernetesModel):
    """Where the pool's AWS resources are."""

    region: Region
    """The AWS region."""


class Spec(KubernetesModel):
    """What the platform team declares."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (  # of a pool that was stored before there was s3 nothing is left to compare
                "!has(oldSelf.results.s3) || self.results == oldSelf.results",
                "results can't be changed: jobs under way would be answered twice; make a new pool",
            ),
            (
                (
                    "self.lanes.all(a, !has(a.queue.external) || "
                    "(a.queue.external.url != a.queue.external.deadLetterURL && self.lanes.exists_one(b, "
                    "has(b.queue.external) && (b.queue.external.url == a.queue.external.url || "
                    "b.queue.external.deadLetterURL == a.queue.external.url || "
                    "b.queue.external.deadLetterURL == a.queue.external.deadLetterURL))))"
                ),
                f"a queue is used twice; {OWN_QUEUES}",
            ),
            (
                (
                    "!has(self.results.s3) || !has(self.results.s3.prefix) || !has(self.destinations) || "
                    "self.destinations.all(d, !has(d.s3) || d.s3.bucket != self.results.s3.bucket || "
                    "!d.s3.prefix.startsWith(self.results.s3.prefix) && "
                    "!self.results.s3.prefix.startsWith(d.s3.prefix))"
                ),
                IN_RESULTS,
            ),
            (
                (
                    "self.lanes.all(l, !has(l.limits.maxTokens) || l.limits.maxTokens < "
                    "(has(l.model) ? l.model.contextLength : self.model.contextLength))"
                ),
                "limits.maxTokens should be smaller than the model's contextLength, which holds prompt and answer",
            ),
            (
                (
                    "!has(self.aws) || self.lanes.all(l, !has(l.queue.external) || "
                    "[l.queue.external.url, l.queue.external.deadLetterURL].all(u, !u.startsWith('https://sqs.') || "
                    "!u.contains('.amazonaws.com') || u.startsWith('https://sqs.' + self.aws.region + '.')))"
                ),
                ONE_REGION,
            ),
            (GATEWAYS_LANES_ARE_THE_POOLS, GATEWAYS_LANES),
        )
    )

    model: Model
    """The model of every lane that names none of its own."""
    model_store: ModelStore | None = None
    """Where every worker's Ollama has its model from. Default: `pull`."""
    engine: EngineName | None = None
    """One of the operator's `engines`, each an image of Ollama. Default: its `defaultEngine`."""
    results: Results
    """Where results go."""
    destinations: Annotated[tuple[Destination, ...], Field(max_length=32, json_schema_extra=list_map("name"))] = ()
    """Other places that jobs may name for their output."""
    notifications: Notifications | None = None
    """Who is told when a result is there."""
    aws: AWS | None = None
    """Where the pool's AWS resources are."""
    service_account: ServiceAccount | None = None
    """Who the pool's pods are. Default: accounts that Laneway makes, for EKS Pod Identity to know by their names:
    `laneway-worker-` and the pool's, and `laneway-preflight-` and the pool's for what writes `pool.json`.
    """
    lanes: Annotated[tuple[Lane, ...], Field(min_length=1, max_length=16, json_schema_extra=list_map("name"))]
    """The lanes, 1 to 16; the first one is where clients send jobs that name no lane."""
    pods: Annotated[Pods, Called("podTemplate")] = Pods()
    """What the pool's pods have besides what Laneway gives them. Lanes may say more of their own."""
    gateway: Gateway | None = None
    """Gateways that speak OpenAI's and Ollama's APIs for the pool, where the operator's Helm values turn them on
    (`gateways.enabled`). Default: none.
    """
    table: Table | None = None
    """Rows of results in a database of yours, for people and applications, where the operator's Helm values turn tables
    on (`tables.enabled`). Default: none.
    """
    suspend: bool = False
    """No job of any lane is started, and jobs wait; those that run have their `drainTimeout`."""

    @model_validator(mode="after")
    def _check_across(self) -> Self:
        for what, names in (
            ("lanes", [lane.name for lane in self.lanes]),
            ("destinations", [destination.name for destination in self.destinations]),
        ):
            name = twice(names)
            if name is not None:
                raise ValueError(f"two {what} have the same name, {name}; give each its own")
        used = [(url, name) for name, own in self._own_queues for url in (own.url, own.dead_letter_url)]
        shared = twice(url for url, _ in used)
        if shared is not None:
            lanes = dict.fromkeys(name for url, name in used if url == shared)
            raise ValueError(f"lane {' and '.join(lanes)}: a queue is used twice; {OWN_QUEUES}")
        for lane in self.lanes:
            model = lane.model or self.model
            if (lane.limits.max_tokens or 0) >= model.context_length:
                raise ValueError(
                    f"lane {lane.name}: limits.maxTokens ({lane.limits.max_tokens}) should be smaller than the model's "
                    f"contextLength ({model.context_length}), which holds prompt and answer"
                )
        return self

    @model_validator(mode="after")
    def _check_gateways_lanes(self) -> Self:
        known = [lane.name for lane in self.lanes]
        for asked, name in self.gateway.lanes_for.items() if self.gateway else ():
            if name not in known:
                raise ValueError(f"{GATEWAYS_LANES}, which are {', '.join(known)}: {asked} names {name}")
        return self

    @model_validator(mode="after")
    def _check_regions(self) -> Self:
        try:
            choose(self.regions)
        except Contradiction as error:
            raise ValueError(f"{error}; {ONE_REGION}") from None
        return self

    @property
    def _own_queues(self) -> list[tuple[str, QueueURLs]]:
        """Lane → its own queues."""
        return [(lane.name, own) for lane in self.lanes if (own := lane.queue.own)]

    @property
    def regions(self) -> tuple[Said, ...]:
        """Every place here that names the region: the URLs of queues, then `aws.region`. They agree."""
        urls = [(f"queue.external.url of lane {lane}", own.url) for lane, own in self._own_queues]
        urls += [
            (f"queue.external.deadLetterURL of lane {lane}", own.dead_letter_url) for lane, own in self._own_queues
        ]
        named = [(place, region_of_queue(url)) for place, url in urls]
        own = [("spec.aws.region", self.aws.region if self.aws else None)]
        return tuple(Said(place, region) for place, region in (*named, *own) if region)


def default_prefix(pool: str) -> str:
    """Where a pool's results go in their bucket, unless it says otherwise."""
    return f"{pool}/"


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

    @model_validator(mode="after")
    def _check_places(self) -> Self:
        """Here and not in the spec, for the default prefix is the name; in CEL a name costs too much to search for."""
        for name, place in self.destinations.items():
            if place.meets(self.results):
                raise ValueError(f"spec.destinations: {name}: {IN_RESULTS}")
        return self

    @model_validator(mode="after")
    def _check_paused(self) -> Self:
        known = [lane.name for lane in self.spec.lanes]
        for name in self._annotations.lanes:
            if name not in known:
                words = f"{PAUSED_LANES} names {name}, and the pool's lanes are {', '.join(known)}"
                raise ValueError(f"metadata.annotations: {words}")
        return self

    @property
    def _annotations(self) -> Annotations:
        return self.metadata.annotations or Annotations()

    @property
    def full_name(self) -> str:
        """`namespace/name`."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def results(self) -> Place:
        """Where results go, with the default prefix filled in."""
        s3 = self.spec.results.s3
        return Place(bucket=s3.bucket, prefix=s3.prefix or default_prefix(self.metadata.name))

    @property
    def destinations(self) -> dict[str, Place]:
        """Alias → place."""
        return {each.name: Place(bucket=each.s3.bucket, prefix=each.s3.prefix) for each in self.spec.destinations}

    @property
    def account(self) -> str:
        """The ServiceAccount of the pool's workers and of its dead-letter handler."""
        own = self.spec.service_account
        return (own and own.name) or worker_account_name(self.metadata.name)

    @property
    def preflight_account(self) -> str:
        """That of its preflight: of its own, but where the pool says who its pods are and nothing of the preflight."""
        own = self.spec.service_account
        shared = own is not None and own.preflight_annotations is None
        return self.account if shared else preflight_account_name(self.metadata.name)

    @property
    def model_volume(self) -> ModelImage | VolumeClaim | None:
        """What holds the models, read-only; nothing where Ollama pulls them."""
        store = self.spec.model_store
        return (store.image or store.volume_claim) if store else None

    def region_or(self, default: str) -> str:
        """The region of the pool's AWS resources; `default` where it names none."""
        named = choose(self.spec.regions)
        return named.said.region if named else default

    def suspension_of(self, lane: Lane) -> Suspension | None:
        """Why a lane starts nothing; nothing where it does. What stops all lanes comes first."""
        stopped = {
            Suspension.POOL: self.spec.suspend,
            Suspension.PAUSED_POOL: self._annotations.paused == "true",
            Suspension.LANE: lane.suspend,
            Suspension.PAUSED_LANE: lane.name in self._annotations.lanes,
        }
        return next((why for why, so in stopped.items() if so), None)

    def model_of(self, lane: Lane) -> Model:
        """The model that a lane serves."""
        return lane.model or self.spec.model

    def pods_of(self, lane: Lane) -> Pods:
        """What the pods of a lane's workers have: the pool's, and the lane's over it."""
        return self.spec.pods.under(lane.pods) if lane.pods else self.spec.pods

    def max_tokens_of(self, lane: Lane) -> int:
        """The lane's cap of `num_predict`."""
        half = self.model_of(lane).context_length // 2
        return lane.limits.max_tokens or min(DEFAULT_MAX_TOKENS, half)


def parse_pool(document: Any) -> LLMWorkerPool:
    """Validate a pool, of what JSON has; raises pydantic's ValidationError."""
    return LLMWorkerPool.model_validate_json(json.dumps(document))
