"""What a pool's preflight does under its own identity, as one document; and how it tells what it found."""

from __future__ import annotations

from enum import StrEnum

from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.pool_document import PoolDocument
from laneway.schema.shared.base import Alias, Frozen, Record


class Preflight(Frozen):
    """Try every right that the pool needs, and publish `pool.json`."""

    results: Place
    """Where results go, and `pool.json`."""
    destinations: dict[Alias, Place] = {}
    """Where outputs may go, by alias."""
    topic_arn: str | None = None
    """Who is told."""
    region: str
    """AWS region."""
    endpoint: str | None = None
    """The endpoint of an AWS emulator."""
    document: PoolDocument
    """What clients read to connect."""


class PreflightCode(StrEnum):
    """What is wrong."""

    ACCESS_DENIED = "access_denied"
    BUCKET_MISSING = "bucket_missing"
    QUEUE_MISSING = "queue_missing"
    TOPIC_MISSING = "topic_missing"
    NO_CONDITIONAL_WRITES = "no_conditional_writes"
    REDRIVE_TOO_LOW = "redrive_too_low"
    RETENTION_TOO_SHORT = "retention_too_short"
    POOL_DOCUMENT_OF_ANOTHER = "pool_document_of_another"
    AWS_REFUSED = "aws_refused"
    AWS_UNAVAILABLE = "aws_unavailable"


class Finding(Record):
    """The last line of a preflight that found something; its pod's status holds it."""

    code: PreflightCode
    """What is wrong."""
    message: str
    """In words, with what is missing by name."""
