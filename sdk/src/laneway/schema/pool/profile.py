"""A placement profile as people write it: a named kind of node, one `PlacementProfile` of the cluster in YAML."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.pool.pods.fields import LabelText
from laneway.schema.pool.pods.quantity import Quantity, thousandths
from laneway.schema.shared.base import QUALIFIED_NAME, Alias, KubernetesModel, Pattern, bad_name, cel

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LABELS = 32
MAX_TOLERATIONS = 32
MEMORY = ("64Mi", "64Ti")  # of one device: a forgotten unit is a byte
BAD_MEMORY = f"memory should be {MEMORY[0]} to {MEMORY[1]}, with its unit"
ONE_DEVICE = "give exactly one kind of accelerator: extendedResource"
BAD_LABEL = "a label's name should be as in Kubernetes, such as node.kubernetes.io/instance-type"
NO_VALUE = "a toleration with operator Exists takes no value: leave it out, or write operator Equal"
NEEDS_KEY = "a toleration without a key bears every taint: give it a key, or operator Exists"
ONLY_EXECUTED = "tolerationSeconds are of the effect NoExecute alone: leave them out, or write that effect"


def _check_labels(found: dict[str, str]) -> dict[str, str]:
    why = bad_name(found, BAD_LABEL)
    if why:
        raise ValueError(why)
    return found


NodeSelector = Annotated[dict[str, LabelText], Field(max_length=MAX_LABELS), AfterValidator(_check_labels)]


class Toleration(KubernetesModel):
    """A Kubernetes toleration."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("!has(self.value) || !has(self.operator) || self.operator != 'Exists'", NO_VALUE),
            ("has(self.key) || has(self.operator) && self.operator == 'Exists'", NEEDS_KEY),
            ("!has(self.tolerationSeconds) || has(self.effect) && self.effect == 'NoExecute'", ONLY_EXECUTED),
        )
    )

    key: (
        Annotated[
            str,
            StringConstraints(max_length=317),
            Pattern(QUALIFIED_NAME, "should be a taint's key as in Kubernetes, such as nvidia.com/gpu"),
        ]
        | None
    ) = None
    """The taint's key. Default: every taint's, with `operator: Exists`."""
    operator: Literal["Exists", "Equal"] | None = None
    """Whether the taint's value matters. Default: `Equal`."""
    value: LabelText | None = None
    """The taint's value, with `Equal`."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect. Default: each of them."""
    toleration_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    """Of `NoExecute`: how long a pod stays on a node that has got the taint. Default: for good."""

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if self.value is not None and self.operator == "Exists":
            raise ValueError(NO_VALUE)
        if self.key is None and self.operator != "Exists":
            raise ValueError(NEEDS_KEY)
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError(ONLY_EXECUTED)
        return self


Tolerations = Annotated[tuple[Toleration, ...], Field(max_length=MAX_TOLERATIONS)]
_AT_LEAST, _AT_MOST = (f"quantity(string(self.memory)).compareTo(quantity('{each}'))" for each in MEMORY)


class ExtendedResource(KubernetesModel):
    """A device by the extended resource that its plugin gives to nodes."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                f"!has(self.memory) || !isQuantity(string(self.memory)) || ({_AT_LEAST} >= 0 && {_AT_MOST} <= 0)",
                BAD_MEMORY,
            )
        )
    )

    name: Annotated[
        str,
        StringConstraints(max_length=317),
        Pattern(
            r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
            "should be a node's device by its resource, such as nvidia.com/gpu",
        ),
    ]
    """The resource, such as `nvidia.com/gpu`."""
    count: Annotated[int, Field(ge=1, le=16)] = 1
    """How many of them a worker's Ollama gets."""
    memory: Quantity | None = None
    """Of one, such as `22888Mi`: whether a model fits is estimated by it, and told where it is given."""

    @model_validator(mode="after")
    def _check_memory(self) -> Self:
        least, most = map(thousandths, MEMORY)
        if self.memory is not None and not least <= thousandths(self.memory) <= most:
            raise ValueError(f"{BAD_MEMORY}, not {self.memory}")
        return self

    @property
    def memory_bytes(self) -> int | None:
        """Of one device."""
        return None if self.memory is None else thousandths(self.memory) // 1000


class Accelerator(KubernetesModel):
    """What Ollama runs on: exactly one member."""

    model_config = ConfigDict(json_schema_extra=cel(("has(self.extendedResource)", ONE_DEVICE)))

    extended_resource: ExtendedResource | None = None
    """A device that nodes offer as an extended resource."""

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if self.extended_resource is None:
            raise ValueError(ONE_DEVICE)
        return self


class ProfileSpec(KubernetesModel):
    """A kind of node. Without a field it is any node, and Ollama runs on its CPU."""

    node_selector: NodeSelector = {}
    """Labels that a node must have."""
    tolerations: Tolerations = ()
    """Taints that the pods of lanes bear."""
    accelerator: Accelerator | None = None
    """What Ollama runs on. Default: the CPU."""
    interruption: Literal["spot"] | None = None
    """`spot`: the node may be taken away with two minutes' notice, so workers leave within 110 seconds."""
    price_per_hour: (
        Annotated[
            str,
            StringConstraints(max_length=16),
            Pattern(
                r"^[0-9]{1,6}(\.[0-9]{1,6})?$",
                "should be USD for an hour, in quotes and with at most six digits behind the point, such as '0.1578'",
            ),
        ]
        | None
    ) = None
    """USD for an hour of the node's accelerator, for the cost in results: a text, such as `"0.1578"`."""

    @property
    def device(self) -> ExtendedResource | None:
        """What a pod asks its node for."""
        return self.accelerator.extended_resource if self.accelerator else None

    @property
    def price(self) -> Decimal | None:
        """USD for an hour."""
        return None if self.price_per_hour is None else Decimal(self.price_per_hour)


ANYWHERE = ProfileSpec()
"""A lane that names no profile runs on any node, without an accelerator."""


class ProfileMetadata(KubernetesModel):
    """The Kubernetes metadata that Laneway reads; the rest is Kubernetes' own and passed over."""

    model_config = ConfigDict(extra="ignore")

    name: Alias
    """What lanes call it, at most 63 characters."""


class PlacementProfile(KubernetesModel):
    """A kind of node that lanes may run on, for all pools of the cluster."""

    api_version: Literal["laneway.dev/v1alpha1"]
    """Always `laneway.dev/v1alpha1`."""
    kind: Literal["PlacementProfile"]
    """Always `PlacementProfile`."""
    metadata: ProfileMetadata
    """The name; it has no namespace."""
    spec: ProfileSpec
    """What nodes of this kind have."""


def parse_profile(document: Any) -> PlacementProfile:
    """Validate a profile, of what JSON has; raises pydantic's ValidationError."""
    return PlacementProfile.model_validate_json(json.dumps(document))


def common_price(profiles: Iterable[ProfileSpec]) -> float | None:
    """USD for an hour, where all of them have one price: a worker doesn't know on which kind of node it runs, and no
    cost beats a wrong one.
    """
    prices = {each.price for each in profiles}
    found = prices.pop() if len(prices) == 1 else None
    return None if found is None else float(found)
