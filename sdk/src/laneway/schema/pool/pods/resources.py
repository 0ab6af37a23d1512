"""What a lane's Ollama asks for of its node, besides the accelerator."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from laneway.schema.pool.pods.quantity import Quantity, thousandths
from laneway.schema.shared.base import KubernetesModel, cel, shown

CPU = ("10m", "1000")
BYTES = ("64Mi", "64Ti")
BOUNDS = {"cpu": CPU, "memory": BYTES, "ephemeral-storage": BYTES}
"""A resource → the least and the most of it: a forgotten unit is a byte."""
OTHER_RESOURCE = (
    "only cpu, memory and ephemeral-storage; leave others out: the accelerator comes from the lane's placement profile"
)
BAD_CPU = f"cpu should be {CPU[0]} to {CPU[1]}"
BAD_BYTES = f"memory and ephemeral-storage should be {BYTES[0]} to {BYTES[1]}, with their unit"
BAD_REQUEST = f"{BAD_BYTES}, or 0 to ask for none"


def _readable(name: str, place: str) -> str:
    """Whether it is there and a quantity; what is none is told where it stands, and is no error of another rule."""
    return f"'{name}' in {place} && isQuantity(string({place}['{name}']))"


def _between(name: str, bounds: tuple[str, str], *, or_none: bool = False) -> str:
    least, most = (f"quantity(string(self['{name}'])).compareTo(quantity('{each}'))" for each in bounds)
    none = f" || quantity(string(self['{name}'])).compareTo(quantity('0')) == 0" if or_none else ""
    return f"(!({_readable(name, 'self')}) || ({least} >= 0 && {most} <= 0){none})"


def _at_most_limit(name: str) -> tuple[str, str]:
    places = ("self.requests", "self.limits")
    both = " && ".join(_readable(name, place) for place in places)
    request, limit = (f"quantity(string({place}['{name}']))" for place in places)
    return f"!({both}) || {request}.compareTo({limit}) <= 0", f"requests.{name} should be at most limits.{name}"


def _check(found: dict[str, str], bad_bytes: str, *, or_none: bool = False) -> dict[str, str]:
    for name, text in found.items():
        if name not in BOUNDS:
            raise ValueError(f"{shown(name)}: {OTHER_RESOURCE}")
        least, most = map(thousandths, BOUNDS[name])
        none = or_none and name != "cpu" and thousandths(text) == 0
        if not (none or least <= thousandths(text) <= most):
            raise ValueError(f"{BAD_CPU if name == 'cpu' else bad_bytes}; {name} is {text}")
    return found


def _check_requests(found: dict[str, str]) -> dict[str, str]:
    return _check(found, BAD_REQUEST, or_none=True)


def _check_limits(found: dict[str, str]) -> dict[str, str]:
    return _check(found, BAD_BYTES)


def _rules(bad_bytes: str, *, or_none: bool) -> dict[str, Any]:
    return cel(
        (f"self.all(k, k in {list(BOUNDS)})", OTHER_RESOURCE),
        (_between("cpu", CPU), BAD_CPU),
        (" && ".join(_between(each, BYTES, or_none=or_none) for each in BOUNDS if each != "cpu"), bad_bytes),
    )


MOST_NAMED = 8  # more than there are, so that another one is told of by name
Requests = Annotated[
    dict[str, Quantity],
    Field(max_length=MOST_NAMED, json_schema_extra=_rules(BAD_REQUEST, or_none=True)),
    AfterValidator(_check_requests),
]
Limits = Annotated[
    dict[str, Quantity],
    Field(max_length=MOST_NAMED, json_schema_extra=_rules(BAD_BYTES, or_none=False)),
    AfterValidator(_check_limits),
]


class Resources(KubernetesModel):
    """Plain Kubernetes resources of the Ollama container."""

    model_config = ConfigDict(json_schema_extra=cel(*map(_at_most_limit, BOUNDS)))

    requests: Requests = {}
    """What a node must have free: cpu, memory, ephemeral-storage. Default of memory: what stays in it of the model, by
    estimate, and 256Mi where that is not known; of ephemeral-storage: the model, where it is pulled and its size is
    known.
    """
    limits: Limits = {}
    """What it may use at most. Above its memory Ollama is killed, and starts again. Default of memory: twice what its
    model needs by estimate, or 64Gi where that is not known.
    """

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for name, request in self.requests.items():
            limit = self.limits.get(name, request)
            if thousandths(request) > thousandths(limit):
                raise ValueError(f"requests.{name} ({request}) should be at most limits.{name} ({limit})")
        return self
