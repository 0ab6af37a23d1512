"""The pool as people write it: one `LLMWorkerPool` in YAML. A field exists here from the day it works."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.job.keys import Place
from laneway.schema.pool.lane import Lane, Model
from laneway.schema.pool.model_store import ModelImage, ModelStore
from laneway.schema.pool.places import Destination, Notifications, Results
from laneway.schema.pool.pods.template import PodTemplate
from laneway.schema.shared.base import (
    SMALL,
    AnnotationText,
    KubernetesModel,
    ObjectName,
    Pattern,
    bad_name,
    cel,
    list_map,
    twice,
)
from laneway.schema.shared.names import preflight_account_name, worker_account_name

DEFAULT_MAX_TOKENS = 2048

ONE_ACCOUNT = "give exactly one of annotations and name"
IN_RESULTS = (
    "a destination and the pool's own results should not lie in each other: give it another bucket, or another prefix"
)
NAMED_FOR_BOTH = "preflightAnnotations go with annotations: an account of your own is the preflight's too"
OWN_QUEUES = "give each lane a queue and a dead-letter queue of its own"
BAD_ANNOTATION = "an annotation's name should be as in Kubernetes, such as eks.amazonaws.com/role-arn"

PoolName = Annotated[
    str,
    StringConstraints(max_length=40),
    Pattern(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", f"should be {SMALL}, such as documents"),
]
Region = Annotated[
    str,
    StringConstraints(max_length=32),
    Pattern(r"^[a-z]{2,5}(-[a-z]+)+-[0-9]$", "should be a region as AWS names it, such as eu-west-1"),
]


class AWS(KubernetesModel):
    """Where the pool's AWS resources are."""

    region: Region
    """The AWS region."""


class ServiceAccount(KubernetesModel):
    """Who the pool's pods are, in the cluster and so on AWS: exactly one of `annotations` and `name`."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("has(self.annotations) != has(self.name)", ONE_ACCOUNT),
            ("!has(self.preflightAnnotations) || !has(self.name)", NAMED_FOR_BOTH),
        )
    )

    annotations: Annotated[dict[str, AnnotationText], Field(min_length=1, max_length=16)] | None = None
    """Of the account that Laneway makes, such as `eks.amazonaws.com/role-arn`. Another role is tried by a preflight at
    once; workers that run keep theirs until they are replaced.
    """
    preflight_annotations: Annotated[dict[str, AnnotationText], Field(min_length=1, max_length=16)] | None = None
    """Of an account of the preflight's own, which alone may write `pool.json` then. Default: it has the workers'."""
    name: ObjectName | None = None
    """An account of your own in the pool's namespace, for the preflight too. Its workers write onto their pods only
    where the name begins with `laneway-worker-`: no other is bound by the policy that bounds what they may write.
    """

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.annotations is None) == (self.name is None):
            raise ValueError(ONE_ACCOUNT)
        if self.preflight_annotations is not None and self.name is not None:
            raise ValueError(NAMED_FOR_BOTH)
        why = bad_name((*(self.annotations or ()), *(self.preflight_annotations or ())), BAD_ANNOTATION)
        if why:
            raise ValueError(why)
        return self


class Spec(KubernetesModel):
    """What the platform team declares."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "self.results == oldSelf.results",
                "results can't be changed: jobs under way would be answered twice; make a new pool",
            ),
            (
                (
                    "self.lanes.all(a, !has(a.queue.url) || !has(a.queue.deadLetterURL) || "
                    "(a.queue.url != a.queue.deadLetterURL && self.lanes.exists_one(b, "
                    "has(b.queue.url) && has(b.queue.deadLetterURL) && (b.queue.url == a.queue.url || "
                    "b.queue.deadLetterURL == a.queue.url || b.queue.deadLetterURL == a.queue.deadLetterURL))))"
                ),
                f"a queue is used twice; {OWN_QUEUES}",
            ),
            (
                (
                    "!has(self.results.prefix) || !has(self.destinations) || self.destinations.all(d, "
                    "d.bucket != self.results.bucket || !d.prefix.startsWith(self.results.prefix) && "
                    "!self.results.prefix.startsWith(d.prefix))"
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
        )
    )

    model: Model
    """The model of every lane that names none of its own."""
    model_store: ModelStore | None = None
    """Where every worker's Ollama has its model from. Default: `pull`."""
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
    pod_template: PodTemplate = PodTemplate()
    """What the pool's pods have besides what Laneway gives them."""
    suspend: bool = False
    """No job is started, and jobs wait; those that run have their `drainTimeout`."""

    @model_validator(mode="after")
    def _check_across(self) -> Self:
        for what, names in (
            ("lanes", [lane.name for lane in self.lanes]),
            ("destinations", [destination.name for destination in self.destinations]),
        ):
            name = twice(names)
            if name is not None:
                raise ValueError(f"two {what} have the same name, {name}; give each its own")
        used = [(url, lane.name) for lane in self.lanes for url in (lane.queue.url, lane.queue.dead_letter_url) if url]
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


def default_prefix(pool: str) -> str:
    """Where a pool's results go in their bucket, unless it says otherwise."""
    return f"{pool}/"


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

    @model_validator(mode="after")
    def _check_places(self) -> Self:
        """Here and not in the spec, for the default prefix is the name; in CEL a name costs too much to search for."""
        for name, place in self.destinations.items():
            if place.meets(self.results):
                raise ValueError(f"spec.destinations: {name}: {IN_RESULTS}")
        return self

    @property
    def full_name(self) -> str:
        """`namespace/name`."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def results(self) -> Place:
        """Where results go, with the default prefix filled in."""
        prefix = self.spec.results.prefix
        return Place(bucket=self.spec.results.bucket, prefix=prefix or default_prefix(self.metadata.name))

    @property
    def destinations(self) -> dict[str, Place]:
        """Alias → place."""
        return {each.name: Place(bucket=each.bucket, prefix=each.prefix) for each in self.spec.destinations}

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
    def model_image(self) -> ModelImage | None:
        """The image that holds the models; nothing where Ollama pulls them."""
        store = self.spec.model_store
        return store.image if store else None

    def region_or(self, default: str) -> str:
        """The region of the pool's AWS resources; `default` where it names none."""
        return self.spec.aws.region if self.spec.aws else default

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
