"""`DeadLettersConfig`: what a pool's dead-letter handler reads: its lanes' documents, and where it listens."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from laneway.schema.pool.documents.lane_config import HealthAddress
from laneway.schema.pool.documents.lane_documents import LaneDocuments
from laneway.schema.shared.base import Frozen


class DeadLettersConfig(Frozen):
    """Everything the dead-letter handler of one pool needs to know, in one document."""

    version: Literal[1] = 1
    """Of this document's form."""
    health_address: HealthAddress
    """Where probes and metrics are served."""
    lanes: Annotated[tuple[LaneDocuments, ...], Field(min_length=1, max_length=32)]
    """The lanes whose dead-letter queues are served, and those that were taken out and drain. Both of their documents
    are read once: a change replaces the handler, which has no GPU and is seldom there.
    """
