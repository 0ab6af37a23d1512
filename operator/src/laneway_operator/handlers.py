"""kopf only: what is seen in the cluster goes into indexes, and the pool's key into the work queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kopf

from laneway.schema.names import FINALIZER, GROUP, MANAGED_BY, MANAGED_BY_LABEL, PLURAL, VERSION
from laneway_operator import observe
from laneway_operator.kinds import KINDS, PODS
from laneway_operator.snapshot import PoolBody, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from laneway_operator.kinds import Kind
    from laneway_operator.observe import Key
    from laneway_operator.runner import Runner

STALL_SECONDS = 300.0
WORKERS_AT_KOPF = 100  # kopf: a worker keeps its slot for the idle time, so both are set together
IDLE_SECONDS = 0.05

WATCHED = {**KINDS, "Pod": PODS}
"""What belongs to a pool: what we make, and the pods that Kubernetes makes of it."""

FACTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Deployment": observe.deployment_facts,
    "ScaledObject": observe.scaler_facts,
    "Job": observe.job_facts,
    "Pod": observe.pod_facts,
}
"""Kind → what is kept of an object beside its digest."""

Body = Any
Found = dict[Any, Any] | None


def register(registry: kopf.OperatorRegistry, runner: Runner) -> None:
    """Every handler of the operator."""
    kopf.on.login(registry=registry)(kopf.login_via_client)
    _register_pools(registry)
    for name, kind in WATCHED.items():
        _register_children(registry, name, kind)

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **kwargs: Any) -> None:
        _configure(settings)
        runner.start({index: kwargs[index] for index in ("pools", "places", *WATCHED)})

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        await runner.stop()

    @kopf.on.probe(registry=registry, errors=kopf.ErrorsMode.PERMANENT)
    async def moving(**_: Any) -> str:
        stuck = runner.stuck_seconds()
        if stuck > STALL_SECONDS:
            raise kopf.PermanentError(f"a pool has been worked on for {stuck:.0f} s")
        return "ok"

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
        return {place: (metadata["creationTimestamp"], metadata["namespace"], metadata["name"])} if place else None

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


def _configure(settings: kopf.OperatorSettings) -> None:
    selector = f"{MANAGED_BY_LABEL}={MANAGED_BY}"
    for kind in WATCHED.values():
        settings.watching.label_selectors[kind.group, kind.version, kind.plural] = selector
    settings.queueing.worker_limit = WORKERS_AT_KOPF
    settings.queueing.idle_timeout = IDLE_SECONDS
    settings.watching.chunk_size = 500
    settings.posting.enabled = False
    settings.peering.standalone = True


def snapshot(indexes: Mapping[str, Any], key: Key) -> Snapshot | None:
    """What is known of a pool; None where it is gone. Called in kopf's own thread, where indexes do not change."""
    found = list(indexes["pools"].get(key, ()))
    if not found:
        return None
    seen = {kind: list(indexes[kind].get(key, ())) for kind in WATCHED}
    return Snapshot(
        pool=found[0],
        children=tuple(each for kind in KINDS for each, _ in seen[kind]),
        deployments={each.lane: facts for each, facts in seen["Deployment"] if each.lane},
        scalers={each.lane: facts for each, facts in seen["ScaledObject"] if each.lane},
        handler=next((facts for each, facts in seen["Deployment"] if not each.lane), None),
        jobs=tuple(facts for _, facts in seen["Job"]),
        pods=tuple(facts for _, facts in seen["Pod"]),
        results_shared_with=_older(indexes["places"], found[0]),
    )


def _older(places: Any, pool: PoolBody) -> str | None:
    """The first pool at a place has it; the others wait."""
    place = observe.results_place(pool.document())
    first = min(places.get(place, ()), default=None)
    if first is None or first[1:] == (pool.namespace, pool.name):
        return None
    return f"{first[1]}/{first[2]}"
