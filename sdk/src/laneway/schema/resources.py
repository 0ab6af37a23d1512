"""What a lane's Ollama asks for of its node, besides the accelerator."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from laneway.schema.base import KubernetesModel, cel
from laneway.schema.quantity import Quantity, thousandths

CPU = ("10m", "1000")
BYTES = ("64Mi", "64Ti")
BOUNDS = {"cpu": CPU, "memory": BYTES, "ephemeral-storage": BYTES}
"""A resource → the least and the most of it: a forgotten unit is a byte."""
OTHER_RESOURCE = "only cpu, memory and ephemeral-storage; the accelerator comes from the lane's placement profile"
BAD_CPU = f"cpu should be {CPU[0]} to {CPU[1]}"
BAD_BYTES = f"memory and ephemeral-storage should be {BYTES[0]} to {BYTES[1]}, with their unit"
REQUEST_TOO_HIGH = "each of resources.requests should be at most its limit in resources.limits"


def _between(name: str, bounds: tuple[str, str]) -> str:
    least, most = (f"quantity(string(self['{name}'])).compareTo(quantity('{each}'))" for each in bounds)
    return f"(!('{name}' in self) || ({least} >= 0 && {most} <= 0))"


def _check(found: dict[str, str]) -> dict[str, str]:
    if found.keys() - BOUNDS:
        raise ValueError(OTHER_RESOURCE)
    for name, text in found.items():
        least, most = map(thousandths, BOUNDS[name])
        if not least <= thousandths(text) <= most:
            raise ValueError(BAD_CPU if name == "cpu" else BAD_BYTES)
    return found


Quantities = Annotated[
    dict[str, Quantity],
    Field(
        max_length=8,  # more than there are, so that another one is told of by name
        json_schema_extra=cel(
            (f"self.all(k, k in {list(BOUNDS)})", OTHER_RESOURCE),
            (_between("cpu", CPU), BAD_CPU),
            (" && ".join(_between(each, BYTES) for each in BOUNDS if each != "cpu"), BAD_BYTES),
        ),
    ),
    AfterValidator(_check),
]


class Resources(KubernetesModel):
    """Plain Kubernetes resources of the Ollama container."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                (
                    "self.requests.all(k, !(k in self.limits) || "
                    "quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) <= 0)"
                ),
                REQUEST_TOO_HIGH,
            )
        )
    )

    requests: Quantities = {}
    """What a node must have free: cpu, memory, ephemeral-storage."""
    limits: Quantities = {}
    """What it may use at most. Above its memory Ollama is killed, and starts again."""

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        both = self.requests.keys() & self.limits.keys()
        if any(thousandths(self.requests[each]) > thousandths(self.limits[each]) for each in both):
            raise ValueError(REQUEST_TOO_HIGH)
        return self
