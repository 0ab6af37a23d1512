"""Engines: images of Ollama by name, declared once by the platform team in the operator's Helm values. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import ConfigDict, Field, ValidationError, model_validator

from laneway.schema.pool.model_store import TaggedImage  # noqa: TC001 - pydantic reads it
from laneway.schema.shared.base import Alias, KubernetesModel
from laneway.schema.shared.problems import problems

PullPolicy = Literal["IfNotPresent", "Always", "Never"]
PULL_POLICIES: tuple[PullPolicy, ...] = get_args(PullPolicy)


class Engine(KubernetesModel):
    """An image of Ollama."""

    image: TaggedImage
    """Ollama's own image, or one built from it, with its tag, its digest or both: `repository:tag@sha256:…`."""
    pull_policy: PullPolicy = "IfNotPresent"
    """When the kubelet pulls it: `Always` where the tag is moved to other images."""


class Engines(KubernetesModel):
    """What pools choose from."""

    model_config = ConfigDict(extra="ignore")  # a file of Helm values has more

    engines: Annotated[dict[Alias, Engine], Field(min_length=1, max_length=32)]
    """Name → engine."""
    default_engine: Alias
    """That of pools that name none."""

    @model_validator(mode="after")
    def _check_default(self) -> Self:
        if self.default_engine not in self.engines:
            raise ValueError(f"defaultEngine should be one of engines ({self.names}), not {self.default_engine}")
        return self

    @property
    def names(self) -> str:
        """For people."""
        return ", ".join(sorted(self.engines))


def parse_engines(document: Any) -> Engines:
    """From an object with `engines` and `defaultEngine`; ValueError says what to change."""
    try:
        return Engines.model_validate(document, strict=False)
    except ValidationError as error:
        raise ValueError(problems(error, Engines)) from error


def with_values(engines: Engines, values: Any) -> Engines:
    """As Helm lays a file of values over the chart's own: name by name, and null takes one away; raises ValueError."""
    if not isinstance(values, dict) or not isinstance(values.get("engines") or {}, dict):
        raise ValueError("should hold one object with `engines`")  # noqa: TRY004 - as what pydantic finds
    own = engines.model_dump(by_alias=True)
    merged = own["engines"] | {
        name: own["engines"].get(name, {}) | each if isinstance(each, dict) else each
        for name, each in (values.get("engines") or {}).items()
    }
    kept = {name: each for name, each in merged.items() if each is not None}
    return parse_engines({"engines": kept, "defaultEngine": values.get("defaultEngine", own["defaultEngine"])})
