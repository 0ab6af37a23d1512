"""What Laneway reads of a pool's metadata: its name, and how a person stops it or some of its lanes. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.shared.base import SMALL, KubernetesModel, Pattern, shown
from laneway.schema.shared.names import GROUP, PAUSED, PAUSED_LANES


class Suspension(StrEnum):
    """Where it is written that a lane starts nothing."""

    POOL = "spec.suspend"
    PAUSED_POOL = PAUSED
    LANE = "lanes[].suspend"
    PAUSED_LANE = PAUSED_LANES


NAME = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"  # Kubernetes, RFC 1123: a label
PoolName = Annotated[str, StringConstraints(max_length=40), Pattern(NAME, f"should be {SMALL}, such as documents")]
Namespace = Annotated[str, StringConstraints(max_length=63), Pattern(NAME, f"should be {SMALL}, such as nlp")]
Switch = Annotated[str, Pattern("^(true|false)$", 'should be true or false, such as "true"', max_length=5)]
LaneNames = Annotated[
    str,
    StringConstraints(max_length=512),
    Pattern(r"^[a-z0-9-]+( *, *[a-z0-9-]+)*$", "should be names of lanes, with commas between them, such as fast,slow"),
]


_SLIP = re.compile(rf"(?i){re.escape(GROUP)}/(paus|suspend)")
"""How names begin by which people mean one of ours."""


class Annotations(KubernetesModel):
    """What a person writes onto a pool in the cluster, and what no tool that applies the pool takes away."""

    model_config = ConfigDict(extra="ignore")

    paused: Annotated[Switch, Field(alias=PAUSED)] = "false"
    """`"true"`: as `suspend` of the pool."""
    paused_lanes: Annotated[LaneNames | None, Field(alias=PAUSED_LANES)] = None
    """As `suspend` of these lanes, such as `fast,slow`."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_slips(cls, value: Any) -> Any:
        """A name that is nearly right would pause nothing, and nobody would be told."""
        for name in value if isinstance(value, dict) else ():
            if name not in (PAUSED, PAUSED_LANES) and _SLIP.match(str(name)):
                raise ValueError(f"{shown(str(name))} pauses nothing; the annotations are {PAUSED} and {PAUSED_LANES}")
        return value

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes that are paused alone."""
        return tuple(each.strip() for each in (self.paused_lanes or "").split(",") if each)


class Metadata(KubernetesModel):
    """The Kubernetes metadata that Laneway reads; the rest is Kubernetes' own and passed over."""

    model_config = ConfigDict(extra="ignore")

    name: PoolName
    """At most 40 characters: names of queues are built from it."""
    namespace: Namespace = "default"
    """The namespace."""
    annotations: Annotations | None = None
    """Those of Laneway; others are passed over."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_labels(cls, value: Any) -> Any:
        labels = value.get("labels") if isinstance(value, dict) else None
        for name in labels if isinstance(labels, dict) else ():
            if _SLIP.match(str(name)):
                raise ValueError(f"labels: {shown(str(name))} pauses nothing as a label; write it as an annotation")
        return value
