"""What is known of the cluster: digests and facts of every object, by pool, as kopf's handlers tell them.

A watch that breaks off and begins anew with a list tells of what there is, never of what vanished meanwhile. So every
such list is compared with what is known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from laneway_operator.kinds import KINDS, OF_GATEWAYS, PODS
from laneway_operator.known import observe
from laneway_operator.known.places import Claim, holder
from laneway_operator.known.profiles import ProfileSnapshot, Uses, profile_key, profiles_named
from laneway_operator.known.snapshot import Snapshot
from laneway_operator.render.meta import Component

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from laneway_operator.known.observe import Child, DeploymentFacts, Key, LaneKey
    from laneway_operator.known.profiles import ProfileBody
    from laneway_operator.known.snapshot import PoolBody

WATCHED = {**KINDS, "Pod": PODS}
"""What belongs to a pool: what we make, and the pods that Kubernetes makes of it."""
UNGATED = {name: kind for name, kind in WATCHED.items() if name not in OF_GATEWAYS}
"""The same where no pool may have gateways: the operator may not even list the rest then, and would wait for it."""
POOLS = "pools"
PLACES = "places"
PROFILES = "profiles"
INDEXES = (POOLS, PLACES, PROFILES, *WATCHED)


class PoolCondition(NamedTuple):
    """One condition of a pool, as it was written last."""

    pool: Key
    type: str
    status: str
    reason: str


class World:
    """Lives in kopf's own thread. Values stand in indexes, by key and by the UID of the object that they tell of."""

    def __init__(self, listed: Callable[[str], bool]) -> None:
        """`listed` says of a namespace, or with none of all, whether every list that was begun has come to its end."""
        self._listed = listed
        self._values: dict[str, dict[Any, dict[str, Any]]] = {index: defaultdict(dict) for index in INDEXES}
        self._keys: dict[tuple[str, str], Any] = {}
        self._uses = Uses()
        self._awaited: dict[str, str | None] = {}
        """Object that a first list held → the namespace of the list, until it is told of."""
        self._missing: Counter[str | None] = Counter()
        """How many that are."""

    def is_whole(self, namespace: str) -> bool:
        """Whether everything is known that the first lists for a namespace held; for none: all of them."""
        if self._missing[None] or (self._missing[namespace] if namespace else self._awaited):
            return False
        return self._listed(namespace)

    def page(self, namespace: str | None, uids: Collection[str]) -> None:
        """A page of a first list came, of a namespace or of everywhere: kopf tells of each object on it."""
        for uid in uids:
            self.hear(uid)
            self._awaited[uid] = namespace
            self._missing[namespace] += 1

    def hear(self, uid: str) -> None:
        """An object was told of. Where it can't be understood, what was known of it stands, and nobody waits for it."""
        if uid in self._awaited:
            self._missing[self._awaited.pop(uid)] -= 1

    def tell(self, index: str, uid: str, key: Any, value: Any) -> None:
        """What an object is now. Without a key it is gone, or is nobody's."""
        self.hear(uid)
        self._forget(index, uid)
        if key is not None:
            self._keys[index, uid] = key
            self._values[index][key][uid] = value

    def _forget(self, index: str, uid: str) -> None:
        key = self._keys.pop((index, uid), None)
        if key is not None:
            del self._values[index][key][uid]
            if not self._values[index][key]:
                del self._values[index][key]

    def tell_pool(self, uid: str, key: Key | None, pool: PoolBody) -> set[Key]:
        """What a pool is now. The answer: the profiles that it names since, or no more."""
        self.tell(POOLS, uid, key, pool)
        return set(map(profile_key, self._uses.tell(uid, key, profiles_named(pool.spec))))

    def tell_profile(self, uid: str, profile: ProfileBody | None, name: str) -> set[Key]:
        """What a profile is now; nothing where it is gone. The answer: it, and the pools for which that is news."""
        key = profile_key(name)
        before = self._profile(key)
        self.tell(PROFILES, uid, profile and key, profile)
        same = before is not None and profile is not None and before.spec == profile.spec
        return {key} if same else {key, *self._uses.of(name)}

    def pools(self) -> list[Key]:
        """Every pool."""
        return list(self._values[POOLS])

    def everything(self) -> list[Key]:
        """Every pool and every profile."""
        return [*self._values[POOLS], *self._values[PROFILES]]

    def conditions(self) -> list[PoolCondition]:
        """Every condition of every pool."""
        return [
            PoolCondition(key, each["type"], each["status"], each["reason"])
            for key, known in self._values[POOLS].items()
            for pool in known.values()
            for each in pool.status.get("conditions", [])
        ]

    def fleet(self) -> dict[LaneKey, DeploymentFacts]:
        """The Deployment of every lane of every pool."""
        found = self._values["Deployment"].items()
        return {(key, each.lane): facts for key, known in found for each, facts in known.values() if each.lane}

    def seen(self, key: Key) -> Snapshot | ProfileSnapshot | None:
        """What is known of a pool or a profile; None where it is gone."""
        return self.snapshot(key) if key[0] else self.profile(key)

    def profile(self, key: Key) -> ProfileSnapshot | None:
        """What is known of a profile; None where it is gone."""
        found = self._profile(key)
        return None if found is None else ProfileSnapshot(found, tuple(self._uses.of(found.name)))

    def _profile(self, key: Key) -> ProfileBody | None:
        return next(self._of(PROFILES, key), None)

    def snapshot(self, key: Key) -> Snapshot | None:
        """What is known of a pool; None where it is gone."""
        pool: PoolBody | None = next(self._of(POOLS, key), None)
        if pool is None:
            return None
        seen = {kind: list(self._of(kind, key)) for kind in WATCHED}
        return Snapshot(
            pool=pool,
            children=tuple(each for kind in KINDS for each, _ in seen[kind]),
            deployments={each.lane: facts for each, facts in seen["Deployment"] if each.lane},
            scalers={each.lane: facts for each, facts in seen["ScaledObject"] if each.lane},
            handler=_made_for(Component.DEAD_LETTERS, seen["Deployment"]),
            gateway=_made_for(Component.GATEWAY, seen["Deployment"]),
            projector=_made_for(Component.PROJECTOR, seen["Deployment"]),
            jobs=tuple(facts for _, facts in seen["Job"]),
            pods=tuple(facts for _, facts in seen["Pod"]),
            profiles={name: each.spec for _, name in self._values[PROFILES] if (each := self._profile(("", name)))},
            results_shared_with=self._holder(pool),
        )

    def listed(self, index: str, namespace: str | None, uids: Collection[str]) -> set[Key]:
        """All of an index was listed, in a namespace or everywhere. The answer: what lost something by it."""
        lost = {
            uid: key
            for (kind, uid), key in self._keys.items()
            if kind == index and namespace in (None, key[0]) and uid not in uids
        }
        touched = set(lost.values())
        for uid, (_, name) in lost.items():
            for each in (POOLS, PLACES) if index == POOLS else (index,):
                self._forget(each, uid)
            if index == POOLS:
                touched.update(map(profile_key, self._uses.tell(uid, None, frozenset())))
            if index == PROFILES:
                touched.update(self._uses.of(name))
        return touched

    def _of(self, index: str, key: Any) -> Iterator[Any]:
        return iter(self._values[index].get(key, {}).values())

    def _holder(self, pool: PoolBody) -> str | None:
        """The other pool that has the place of this one's results."""
        place = observe.results_place(pool.document())
        claims: list[Claim] = list(self._of(PLACES, place and place.bucket))
        own = next((each for each in claims if each.uid == pool.uid), None)
        if own is None:
            return None
        others = ((each, self._status(each)) for each in claims if each is not own)
        first = holder(own, others, pool.status)
        return None if first is own else f"{first.namespace}/{first.name}"

    def _status(self, claim: Claim) -> Mapping[str, Any]:
        pool: PoolBody | None = next(self._of(POOLS, (claim.namespace, claim.name)), None)
        return pool.status if pool else {}


def _made_for(component: Component, deployments: Iterable[tuple[Child, DeploymentFacts]]) -> DeploymentFacts | None:
    return next((facts for each, facts in deployments if each.component == component), None)
