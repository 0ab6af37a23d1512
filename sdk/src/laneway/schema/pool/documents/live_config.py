"""`LiveConfig`: the document that running workers read again and again: a change of it replaces none of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from laneway.schema.job.keys import Place
from laneway.schema.pool.schedules.schedule import MAX_SCHEDULES, Period
from laneway.schema.shared.base import Alias, Record


class LaneLimits(Record):
    """What a job may take."""

    timeout_seconds: Annotated[int, Field(ge=1)]
    """The longest attempt."""
    token_gap_seconds: Annotated[int, Field(ge=1)]
    """The longest wait for a token."""
    expires_after_seconds: Annotated[int, Field(ge=1)]
    """The oldest a job may become, from submission."""
    max_attempts: Annotated[int, Field(ge=1)]
    """Attempts that may fail for a reason of the job's own."""
    max_tokens: Annotated[int, Field(ge=1)]
    """Cap and default of `num_predict`."""


class LiveConfig(Record):
    """What may change under a running worker. A job keeps what it was started with.

    A worker that is older than the operator passes over fields that it doesn't know.
    """

    version: Literal[1] = 1
    """Of this document's form."""
    limits: LaneLimits
    """What a job may take."""
    destinations: dict[Alias, Place] = {}
    """Where outputs may go, by alias."""
    topic_arn: str | None = None
    """Who is told."""
    events_queue_url: str | None = None
    """The queue of whoever keeps results in a table: each result is told there."""
    events_output: bool = False
    """Whether outputs are told too, where they fit."""
    price_per_hour: Annotated[float, Field(ge=0)] | None = None
    """USD for an hour of the accelerator."""
    suspended: bool = False
    """Whether the worker starts nothing."""
    quiet: Annotated[tuple[Period, ...], Field(max_length=MAX_SCHEDULES)] = ()
    """When the worker starts nothing."""
