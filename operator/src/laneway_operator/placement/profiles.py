"""Placement profiles: named kinds of node, declared once by the platform team in the operator's Helm values. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError

from laneway.schema.pool.pods.quantity import UNITS
from laneway.schema.shared.base import Alias, KubernetesModel, Pattern
from laneway.schema.shared.problems import problems
from laneway_operator.settings import SettingsError

_QUANTITY = re.compile(r"([0-9]{1,15})(Ki|Mi|Gi|Ti|k|M|G|T)?")
NO_BYTES = "should be a quantity such as 22888Mi or 15Gi"


def _bytes(value: object) -> int:
    """Bytes of a quantity."""
    found = _QUANTITY.fullmatch(str(value))
    if found is None:
        raise ValueError(NO_BYTES)
    return int(found[1]) * UNITS[found[2] or ""]


_QuantityText = Annotated[str, Field(max_length=32), Pattern(f"^{_QUANTITY.pattern}$", NO_BYTES)]
Bytes = Annotated[int, BeforeValidator(_bytes, json_schema_input_type=_QuantityText)]
"""A quantity, as Kubernetes writes it."""
LabelText = Annotated[str, StringConstraints(max_length=317)]


class Toleration(KubernetesModel):
    """A Kubernetes toleration."""

    key: LabelText | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: LabelText | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class Accelerator(KubernetesModel):
    """The device that Ollama gets."""

    resource: Annotated[
        str,
        StringConstraints(max_length=317),
        Pattern(r"^[a-z0-9.-]+/[A-Za-z0-9._-]+$", "should be a node's device by its resource, such as nvidia.com/gpu"),
    ]
    """The extended resource, such as `nvidia.com/gpu`."""
    count: Annotated[int, Field(ge=1, le=16)] = 1
    """How many."""
    memory: Annotated[Bytes, Field(ge=1)] | None = None
    """Of one, such as `22888Mi`: whether a model fits is estimated by it."""


class Profile(KubernetesModel):
    """A kind of node."""

    node_selector: Annotated[dict[LabelText, LabelText], Field(max_length=32)] = {}  # noqa: RUF012 - pydantic copies it
    """Labels that a node must have."""
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=32)] = ()
    """Taints that the lane's pods bear."""
    accelerator: Accelerator | None = None
    """What Ollama runs on; nothing for the CPU."""
    interruption: Literal["spot"] | None = None
    """`spot`: the node may be taken away with two minutes' notice, so workers leave within 110 seconds."""
    price_per_hour: Annotated[float, Field(ge=0)] | None = None
    """USD for an hour of the node's accelerator, for the cost in results."""


ANYWHERE = Profile()
"""A lane that names no profile runs on any node, without an accelerator."""

PROFILES: TypeAdapter[dict[str, Profile]] = TypeAdapter(dict[Alias, Profile])


def parse_profiles(document: Any) -> dict[str, Profile]:
    """Name → profile from the document with `placementProfiles`; raises `SettingsError`."""
    found = (document or {}).get("placementProfiles") if isinstance(document or {}, dict) else None
    if not isinstance(found, dict):
        raise SettingsError("the profiles' file should hold one object with `placementProfiles`")
    try:
        return PROFILES.validate_python({name: each or {} for name, each in found.items()}, strict=False)
    except ValidationError as error:
        raise SettingsError(f"placementProfiles: {problems(error, Profile)}") from error
