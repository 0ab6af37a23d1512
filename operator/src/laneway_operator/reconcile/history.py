"""What happened to pools, for those who ask later: an Event and a line in the log for each transition."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import GROUP, KIND, VERSION
from laneway_operator.errors import SpecError, Unreachable
from laneway_operator.known.observe import called
from laneway_operator.queues.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from laneway_operator.cluster.port import Cluster
    from laneway_operator.known.snapshot import PoolBody
    from laneway_operator.status.history import Transition

log = logging.getLogger(__name__)

CONTROLLER = f"{GROUP}/operator"
"""Who says so, in every Event. The chart's policy knows it too."""
ACTION = "Reconcile"
MAX_NOTE_BYTES = 1024  # of an Event, as the API server counts
MAX_INSTANCE = 128


@dataclass
class Series:
    """An Event that has happened, once or more often."""

    name: str
    count: int = 1


class History:
    """Serves several threads; a pool is in one of them at a time."""

    def __init__(self, cluster: Cluster, instance: str) -> None:
        """`instance` is this operator's pod."""
        self._cluster = cluster
        self._instance = instance[:MAX_INSTANCE]
        self._series: Recent[tuple[str, str, str], Series] = Recent()

    def tell(self, pool: PoolBody, transitions: Iterable[Transition], now: datetime) -> None:
        """The log has every line; an Event that can't be written holds up nothing."""
        for each in transitions:
            place, key = f"{pool.namespace}/{pool.name}", (pool.namespace, pool.name)
            words = {"pool": place, "condition": each.what, "from": each.before, "to": each.after}
            log.info("%s: %s: %s → %s", called(key), each.what, each.before, each.after, extra=words)
            try:
                self._write(pool, each, now)
            except (SpecError, Unreachable) as error:
                log.warning("%s: no Event could be written: %s", called(key), error)

    def _write(self, pool: PoolBody, transition: Transition, now: datetime) -> None:
        """What repeats within some minutes is counted in the Event that is there."""
        key, at = (pool.uid, transition.what, transition.after), now.isoformat(timespec="microseconds")[:26] + "Z"
        series = self._series.get(key, now.timestamp())
        if series is None:
            series = Series(f"{pool.name}.{hashlib.sha256(''.join((*key, at)).encode()).hexdigest()[:16]}")
            self._cluster.tell(_event(pool, transition, self._instance, series.name, at))
        else:
            series.count += 1
            self._cluster.tell_again(pool.namespace, series.name, series.count, at)
        self._series.put(key, series, now.timestamp())


def _event(pool: PoolBody, transition: Transition, instance: str, name: str, at: str) -> dict[str, Any]:
    """An Event of `events.k8s.io/v1`."""
    note = f"{transition.what} {transition.before} → {transition.after}: {transition.message}"
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": pool.namespace},
        "action": ACTION,
        "eventTime": at,
        "note": note.encode()[:MAX_NOTE_BYTES].decode(errors="ignore"),
        "reason": transition.reason,
        "regarding": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "name": pool.name,
            "namespace": pool.namespace,
            "uid": pool.uid,
        },
        "reportingController": CONTROLLER,
        "reportingInstance": instance,
        "type": transition.sort,
    }
