"""What gateways tell one another of what their tenants have used."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads annotations at run time
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from laneway.schema.shared.base import Record


class Used(Record):
    """What one tenant has used."""

    jobs_in_flight: Annotated[int, Field(ge=0)] = 0
    """Its jobs without a result, now."""
    tokens: Annotated[int, Field(ge=0)] = 0
    """Those of the day's results, read and written."""
    gpu_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Those of the day's results."""

    def __add__(self, other: Used) -> Used:
        return Used(
            jobs_in_flight=self.jobs_in_flight + other.jobs_in_flight,
            tokens=self.tokens + other.tokens,
            gpu_seconds=self.gpu_seconds + other.gpu_seconds,
        )


class UsageDocument(Record):
    """`<prefix>usage/<day>/<gateway>.json`: what tenants have used at one gateway, in all, and never by how much more:
    to read it twice counts nothing twice.
    """

    version: Literal[1] = 1
    day: date
    """Of UTC."""
    renewed_at: AwareDatetime
    """When it was written. Jobs in flight at a gateway that writes no more are forgotten."""
    tenants: dict[str, Used]
