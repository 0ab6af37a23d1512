"""Writes a pool's status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway_operator.errors import SpecError, Unreachable

if TYPE_CHECKING:
    from datetime import datetime

    from laneway_operator.cluster.port import Cluster
    from laneway_operator.known.snapshot import PoolBody


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC, by the second: as Kubernetes writes the times of conditions."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def write_status(cluster: Cluster, pool: PoolBody, status: dict[str, Any]) -> bool:
    """Where it is another one than before; whether it was. Raises `Unreachable`."""
    if status == pool.status:
        return False
    try:
        cluster.write_status(pool.namespace, pool.name, status)
    except SpecError as error:
        raise Unreachable(f"the status was refused: {error}") from error
    return True
