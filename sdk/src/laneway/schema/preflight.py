"""What a pool's preflight does under the pool's own identity, as one document."""

from __future__ import annotations

from laneway.schema.base import Frozen
from laneway.schema.keys import Place
from laneway.schema.pool_document import PoolDocument


class Preflight(Frozen):
    """Publish `pool.json`."""

    results: Place
    """Where results go, and `pool.json`."""
    region: str
    """AWS region."""
    endpoint: str | None = None
    """The endpoint of an AWS emulator."""
    document: PoolDocument
    """What clients read to connect."""
