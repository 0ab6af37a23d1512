"""kopf only: what is seen in the cluster is told to the world, and the pool's key goes into the work queue."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, Protocol

import kopf

from laneway.schema.shared.names import (
    FINALIZER,
    GROUP,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    PLURAL,
    PROFILE_PLURAL,
    VERSION,
)
from laneway_operator.known import observe
from laneway_operator.known.places import Claim
from laneway_operator.known.profiles import profile_body
from laneway_operator.known.snapshot import PoolBody
from laneway_operator.known.world import PLACES, WATCHED, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from laneway_operator.kinds import Kind
    from laneway_operator.reconcile.runner import Runner
    from laneway_operator.watch.watches import Watches

TASKS_AT_KOPF = 100  # kopf: a task keeps its slot for the idle time, so both are set together
IDLE_SECONDS = 0.05
SILENCE_SECONDS = 70.0  # the API server sends a bookmark a minute
LIST_SECONDS = 60.0  # one page of a list
LONGEST_BACKOFF_SECONDS = 20.0

FACTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Deployment": observe.deployment_facts,
    "ScaledObject": observe.scaler_facts,
    "Job": observe.job_facts,
    "Pod": observe.pod_facts,
}
"""Kind → what is kept of an object beside its digest."""

Body = Any
GONE = "DELETED"
"""kopf's type of the last event of an object."""


class Parts(Protocol):
    """What runs beside kopf."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """In this event loop, or in threads."""

    def stop(self) -> None:
        """Nothing reconciles any more."""


class NoDiffs(kopf.DiffBaseStorage):
    """Of no object is it kept what it was before: kopf would copy the whole body, twice, for each event."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        """What kopf would compare."""
        return {}

    def fetch(self, **_: Any) -> None:
        """What kopf would compare it with."""

    def store(self, **_: Any) -> None:
        """Only of handlers of changes, which there are none of."""


class Backoffs:
    """Seconds between kopf's tries of a call: without end, as it would end the operator with the last of them."""

    def __iter__(self) -> Iterator[float]:
        """Anew for each call."""
        return itertools.chain((0.5, 1, 2, 5, 10), itertools.repeat(LONGEST_BACKOFF_SECONDS))


def register(
    registry: kopf.OperatorRegistry, runner: Runner, watches: Watches, parts: Parts, kinds: Mapping[str, Kind]
) -> None:
    """Every handler of the operator. `parts` run as long as kopf does; `kinds` are those that belong to pools.

    kopf's own indexes are not used: at a start they hold the body of every object until all are read, and wake all of
    them for each (docs/design/0015).
    """
    kopf.on.login(registry=registry)(watches.login)
    world = World(watches.listed)

    @kopf.on.startup(registry=registry)
    async def begin(**_: Any) -> None:
        watches.on_page, watches.on_list = world.page, runner.listed
        runner.start(world)
        parts.start(asyncio.get_running_loop())

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        await runner.stop()
        await asyncio.to_thread(parts.stop)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def pool_changed(body: Body, type: str | None, **_: Any) -> None:  # noqa: A002 - kopf's name for it
        profiles: set[observe.Key] = set()
        try:
            profiles = tell_pool(world, dict(body), gone=type == GONE)
        finally:  # it may have been the last that the start waited for
            for key in ((body["metadata"]["namespace"], body["metadata"]["name"]), *profiles):
                runner.add(key)

    @kopf.on.event(GROUP, VERSION, PROFILE_PLURAL, registry=registry)
    async def profile_changed(body: Body, type: str | None, **_: Any) -> None:  # noqa: A002 - as above
        keys: set[observe.Key] = set()
        try:
            keys = tell_profile(world, dict(body), gone=type == GONE)
        finally:  # as above
            for key in (None, *keys):
                runner.add(key)

    for name, kind in kinds.items():
        changed = kopf.on.event(kind.group, kind.version, kind.plural, registry=registry, id=f"{name}-changed")
        changed(child_handler(world, runner, name))


def child_handler(world: World, runner: Runner, kind: str) -> Any:
    """The handler of a kind's events: kopf logs what it raises."""

    async def child_changed(body: Body, type: str | None, **_: Any) -> None:  # noqa: A002 - as above
        key = None
        try:
            key = tell_child(world, kind, dict(body), gone=type == GONE)
        finally:  # as above
            runner.add(key)

    return child_changed


def tell_pool(world: World, body: dict[str, Any], *, gone: bool) -> set[observe.Key]:
    """A pool, and the place where its results go. The answer: the profiles that it names since, or no more."""
    metadata = body["metadata"]
    key, uid = (metadata["namespace"], metadata["name"]), metadata["uid"]
    world.hear(uid)
    place, pool = observe.results_place(body), _pool(body)
    left = gone or (pool.deleting and not pool.held)  # then the garbage collector is at work
    created = metadata["creationTimestamp"]
    claim = Claim(created, *key, uid, place) if place else None
    world.tell(PLACES, uid, None if gone or place is None else place.bucket, claim)
    return world.tell_pool(uid, None if left else key, pool)


def tell_profile(world: World, body: dict[str, Any], *, gone: bool) -> set[observe.Key]:
    """A placement profile. The answer: it, and the pools for which that is news."""
    metadata = body["metadata"]
    world.hear(metadata["uid"])
    return world.tell_profile(metadata["uid"], None if gone else profile_body(body), metadata["name"])


def tell_child(world: World, kind: str, body: dict[str, Any], *, gone: bool) -> observe.Key | None:
    """What belongs to a pool; the answer is the pool, or nothing where it belongs to none."""
    world.hear(body["metadata"]["uid"])
    key, facts = observe.key_of(body), FACTS.get(kind)
    known = None if gone or key is None else (observe.child(kind, body), facts(body) if facts else None)
    world.tell(kind, body["metadata"]["uid"], known and key, known)
    return key


def _pool(body: dict[str, Any]) -> PoolBody:
    metadata = body["metadata"]
    return PoolBody(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        generation=metadata.get("generation", 0),
        spec=dict(body.get("spec", {})),
        status=dict(body.get("status", {})),
        held=FINALIZER in metadata.get("finalizers", ()),
        deleting="deletionTimestamp" in metadata,
        annotations=observe.own(body, "annotations"),
        labels=observe.own(body, "labels"),
        annotators=observe.annotators_of(body),
    )


def kopf_settings(*, namespaced: bool) -> kopf.OperatorSettings:
    """How kopf watches. An operator of some namespaces may neither list namespaces nor look for new kinds."""
    settings = kopf.OperatorSettings()
    selector = f"{MANAGED_BY_LABEL}={MANAGED_BY}"
    for kind in WATCHED.values():
        settings.watching.label_selectors[kind.group, kind.version, kind.plural] = selector
    settings.persistence.diffbase_storage = NoDiffs()
    settings.queueing.worker_limit = TASKS_AT_KOPF
    settings.queueing.idle_timeout = IDLE_SECONDS
    settings.watching.chunk_size = 500
    settings.watching.inactivity_timeout = SILENCE_SECONDS
    settings.networking.request_timeout = LIST_SECONDS
    settings.networking.error_backoffs = Backoffs()
    settings.scanning.disabled = namespaced
    settings.posting.enabled = False
    settings.peering.standalone = True
    return settings
