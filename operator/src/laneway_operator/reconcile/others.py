"""Pools of another operator, which are left alone: one of some namespaces marks its own in their status."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from laneway_operator.reconcile.telling import stamp, write_status
from laneway_operator.status.others import left_to

if TYPE_CHECKING:
    from datetime import datetime

    from laneway_operator.cluster.port import Cluster
    from laneway_operator.known.snapshot import PoolBody

log = logging.getLogger(__name__)

SILENCE_SECONDS = 60.0  # an operator that is there looks at a pool within seconds of its edit


class Others:
    """Serves several threads."""

    def __init__(self, cluster: Cluster, me: str) -> None:
        """`me` is what this operator would call itself in a status."""
        self._cluster = cluster
        self._me = me
        self._lock = threading.Lock()
        self._edited: dict[str, datetime] = {}
        """Pool → since when its operator has been behind."""
        self._told: set[str] = set()

    def own(self, pool: PoolBody) -> str | None:
        """The other operator whose a pool is."""
        told: str | None = pool.status.get("operator")
        return None if told in (None, self._me) else told

    def leave(self, pool: PoolBody, owner: str, now: datetime) -> bool:
        """Write nothing while its operator is there, or two would write in turns. True where to look again soon."""
        with self._lock:
            if pool.uid not in self._told:
                self._told.add(pool.uid)
                log.info("pool %s/%s is left to the operator %s", pool.namespace, pool.name, owner)
            if pool.generation == pool.status.get("observedGeneration"):
                self._edited.pop(pool.uid, None)
                return False
            since = self._edited.setdefault(pool.uid, now)
        if (now - since).total_seconds() >= SILENCE_SECONDS:
            self._tell(pool, owner, now)
        return True

    def _tell(self, pool: PoolBody, owner: str, now: datetime) -> None:
        write_status(self._cluster, pool, left_to(owner, pool, stamp(now)))
