"""kopf only: what is seen in the cluster goes into indexes, and the pool's key into the work queue."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, Protocol

import kopf

from laneway.schema.names import FINALIZER, GROUP, MANAGED_BY, MANAGED_BY_LABEL, PLURAL, VERSION
from laneway_operator import observe
from laneway_operator.snapshot import PoolBody
from laneway_operator.world import INDEXES, WATCHED, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway_operator.kinds import Kind
    from laneway_operator.runner import Runner
    from laneway_operator.watches import Watches

IDLE_SECONDS = 0.05  # kopf: how long an object's task stays when there is nothing more to do
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


class Parts(Protocol):
    """What runs beside kopf."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """In this event loop, or in threads."""

    def stop(self) -> None:
        """Nothing reconciles any more."""


class Backoffs:
    """Seconds between kopf's tries of a call: without end, as it would end the operator with the last of them."""

    def __iter__(self) -> Iterator[float]:
        """Anew for each call."""
        return itertools.chain((0.5, 1, 2, 5, 10), itertools.repeat(LONGEST_BACKOFF_SECONDS))


Found = dict[Any, Any] | None


def register(registry: kopf.OperatorRegistry, runner: Runner, watches: Watches, parts: Parts) -> None:
    """Every handler of the operator. `parts` run as long as kopf does."""
    kopf.on.login(registry=registry)(watches.login)
    _register_pools(registry)
    for name, kind in WATCHED.items():
        _register_children(registry, name, kind)

    @kopf.on.startup(registry=registry)
    async def begin(**kwargs: Any) -> None:
        watches.on_list = runner.listed
        runner.start(World({index: kwargs[index] for index in INDEXES}))
        parts.start(asyncio.get_running_loop())

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        await runner.stop()
        await asyncio.to_thread(parts.stop)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def pool_changed(body: Body, **_: Any) -> None:
        metadata = body["metadata"]
        runner.add((metadata["namespace"], metadata["name"]))

    for name, kind in WATCHED.items():
        changed = kopf.on.event(kind.group, kind.version, kind.plural, registry=registry, id=f"{name}-changed")
        changed(_child_changed(runner))


def _child_changed(runner: Runner) -> Any:
    async def child_changed(body: Body, **_: Any) -> None:
        key = observe.key_of(body)
        if key is not None:
            runner.add(key)

    return child_changed


def _register_pools(registry: kopf.OperatorRegistry) -> None:
    @kopf.index(GROUP, VERSION, PLURAL, registry=registry, id="places")
    async def places(body: Body, **_: Any) -> Found:
        place, metadata = observe.results_place(body), body["metadata"]
        owner = (metadata["creationTimestamp"], metadata["namespace"], metadata["name"], metadata["uid"])
        return {place: owner} if place else None

    @kopf.index(GROUP, VERSION, PLURAL, registry=registry, id="pools")
    async def pools(body: Body, **_: Any) -> Found:
        metadata = body["metadata"]
        held, deleting = FINALIZER in metadata.get("finalizers", ()), "deletionTimestamp" in metadata
        if deleting and not held:
            return None  # the garbage collector is at work
        return {
            (metadata["namespace"], metadata["name"]): PoolBody(
                namespace=metadata["namespace"],
                name=metadata["name"],
                uid=metadata["uid"],
                generation=metadata.get("generation", 0),
                spec=dict(body.get("spec", {})),
                status=dict(body.get("status", {})),
                held=held,
                deleting=deleting,
            )
        }


def _register_children(registry: kopf.OperatorRegistry, name: str, kind: Kind) -> None:
    facts = FACTS.get(name)

    @kopf.index(kind.group, kind.version, kind.plural, registry=registry, id=name)
    async def seen(body: Body, **_: Any) -> Found:
        plain = dict(body)
        key = observe.key_of(plain)
        if key is None:
            return None
        return {key: (observe.child(name, plain), facts(plain) if facts else None)}


def kopf_settings(*, namespaced: bool) -> kopf.OperatorSettings:
    """How kopf watches. An operator of some namespaces may neither list namespaces nor look for new kinds."""
    settings = kopf.OperatorSettings()
    selector = f"{MANAGED_BY_LABEL}={MANAGED_BY}"
    for kind in WATCHED.values():
        settings.watching.label_selectors[kind.group, kind.version, kind.plural] = selector
    settings.queueing.worker_limit = None  # at a start each object keeps its task until kopf knows them all
    settings.queueing.idle_timeout = IDLE_SECONDS
    settings.watching.chunk_size = 500
    settings.watching.inactivity_timeout = SILENCE_SECONDS
    settings.networking.request_timeout = LIST_SECONDS
    settings.networking.error_backoffs = Backoffs()
    settings.scanning.disabled = namespaced
    settings.posting.enabled = False
    settings.peering.standalone = True
    return settings
