"""What kopf's indexes hold, without what is gone although nobody was told.

A watch that breaks off and begins anew with a list tells of what there is, never of what vanished meanwhile, which
kopf's indexes keep for ever. So every such list is compared with them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from laneway_operator import observe
from laneway_operator.kinds import KINDS, PODS
from laneway_operator.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from laneway_operator.observe import Key
    from laneway_operator.snapshot import PoolBody

WATCHED = {**KINDS, "Pod": PODS}
"""What belongs to a pool: what we make, and the pods that Kubernetes makes of it."""
POOLS = "pools"
PLACES = "places"
INDEXES = (POOLS, PLACES, *WATCHED)


class World:
    """Lives in kopf's own thread, where indexes do not change."""

    def __init__(self, indexes: Mapping[str, Any]) -> None:
        """The indexes that kopf keeps, by the names in `INDEXES`."""
        self._indexes = indexes
        self._gone: set[str] = set()

    def pools(self) -> list[Key]:
        """Every pool."""
        return [key for key, pool in self._all(POOLS) if pool.uid not in self._gone]

    def conditions(self) -> Counter[tuple[str, str]]:
        """Condition and its status → number of pools."""
        found = (pool.status.get("conditions", []) for _, pool in self._all(POOLS) if pool.uid not in self._gone)
        return Counter((each["type"], each["status"]) for conditions in found for each in conditions)

    def snapshot(self, key: Key) -> Snapshot | None:
        """What is known of a pool; None where it is gone."""
        found = [each for each in self._indexes[POOLS].get(key, ()) if each.uid not in self._gone]
        if not found:
            return None
        seen = {kind: self._seen(kind, key) for kind in WATCHED}
        return Snapshot(
            pool=found[0],
            children=tuple(each for kind in KINDS for each, _ in seen[kind]),
            deployments={each.lane: facts for each, facts in seen["Deployment"] if each.lane},
            scalers={each.lane: facts for each, facts in seen["ScaledObject"] if each.lane},
            handler=next((facts for each, facts in seen["Deployment"] if not each.lane), None),
            jobs=tuple(facts for _, facts in seen["Job"]),
            pods=tuple(facts for _, facts in seen["Pod"]),
            results_shared_with=self._older(found[0]),
        )

    def listed(self, index: str, namespace: str | None, uids: Collection[str]) -> set[Key]:
        """All of an index was listed, in a namespace or everywhere. The answer: the pools that lost something."""
        lost = set()
        for key, value in self._all(index):
            uid = _uid(value)
            if namespace in (None, key[0]) and uid not in uids and uid not in self._gone:
                self._gone.add(uid)
                lost.add(key)
        return lost

    def _all(self, index: str) -> Iterator[tuple[Key, Any]]:
        found = self._indexes[index]
        return ((key, value) for key in found for value in found[key])

    def _seen(self, kind: str, key: Key) -> list[Any]:
        return [each for each in self._indexes[kind].get(key, ()) if each[0].uid not in self._gone]

    def _older(self, pool: PoolBody) -> str | None:
        """The first pool at a place has it; the others wait."""
        place = observe.results_place(pool.document())
        there = (each for each in self._indexes[PLACES].get(place, ()) if each[3] not in self._gone)
        first = min(there, default=None)
        if first is None or first[1:3] == (pool.namespace, pool.name):
            return None
        return f"{first[1]}/{first[2]}"


def _uid(value: Any) -> str:
    """Of a pool, or of a child with its facts."""
    return str(value[0].uid if isinstance(value, tuple) else value.uid)
