"""One pass over one pool (observe → render → plan → apply → status), or over one placement profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.pool.pool import LLMWorkerPool
from laneway.schema.pool.queues.rules import Where
from laneway.schema.pool.schedules.schedule import asleep, quiet_periods
from laneway.schema.shared.names import COMPONENT_LABEL, LANE_LABEL
from laneway.schema.shared.problems import problems
from laneway_operator.errors import NotYet, SpecError
from laneway_operator.known.digest import FIELD_MANAGER
from laneway_operator.known.observe import Trouble
from laneway_operator.known.profiles import ProfileSnapshot
from laneway_operator.known.understood import Understood, understood
from laneway_operator.placement.engines import engine_of
from laneway_operator.placement.memory import fit
from laneway_operator.placement.nodes import nodes_of
from laneway_operator.queues.managed import events_queue, managed_queue
from laneway_operator.queues.own import OwnQueues
from laneway_operator.reasons import Reason
from laneway_operator.reconcile.compared import Compared
from laneway_operator.reconcile.farewell import hold_or_let_go, say_farewell
from laneway_operator.reconcile.former import documents_of, still_draining, taken_out
from laneway_operator.reconcile.history import History
from laneway_operator.reconcile.others import Others
from laneway_operator.reconcile.plan import lanes_of, make_plan
from laneway_operator.reconcile.profiles import tell_users
from laneway_operator.reconcile.telling import stamp, write_status
from laneway_operator.render import render
from laneway_operator.render.meta import Component, gateway_service_name
from laneway_operator.render.preflight import PREFLIGHT_KIND
from laneway_operator.render.view import PoolView, lane_view
from laneway_operator.status.conditions import build_status
from laneway_operator.status.history import transitions
from laneway_operator.status.observed import Observed
from laneway_operator.turns.held import Passed, as_served, turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.queues.queue import QueueURLs
    from laneway_operator.cluster.port import Cluster
    from laneway_operator.known.snapshot import Snapshot
    from laneway_operator.queues.port import Queues
    from laneway_operator.render.view import Manifest
    from laneway_operator.settings import Settings
    from laneway_operator.status.model import FormerLane

EMULATOR_KEYS = "--from-literal=AWS_ACCESS_KEY_ID=… --from-literal=AWS_SECRET_ACCESS_KEY=…"


class Reconciler:
    """Serves several threads; a pool is in one of them at a time."""

    def __init__(
        self,
        settings: Settings,
        cluster: Cluster,
        queues: Queues,
        now: Callable[[], datetime],
    ) -> None:
        """`now` has a zone."""
        self._settings = settings
        self._cluster = cluster
        self._queues = queues
        self._own_queues = OwnQueues(queues, now)
        self._compared = Compared(queues, now, settings.region)
        self._now = now
        self._history = History(cluster, settings.pod_name or FIELD_MANAGER)
        self._identity = settings.cluster_id
        self._others = Others(cluster, settings.name)

    def reconcile(self, seen: Snapshot | ProfileSnapshot) -> Passed:
        """Bring the cluster to what the pool says, and say how it is; of a profile, who names it. Raises
        `Unreachable`.
        """
        if isinstance(seen, ProfileSnapshot):
            tell_users(self._cluster, seen, self._settings.namespaces)
            return Passed()
        owner = self._others.own(seen.pool)
        if owner is not None:
            return Passed(soon=self._others.leave(seen.pool, owner, self._now()))
        if seen.pool.deleting:
            return Passed(soon=self._farewell(seen))
        return self._one(seen)

    def _one(self, seen: Snapshot) -> Passed:
        done = Observed.of(seen)
        try:
            self._bring_about(seen, done)
        except SpecError as error:
            done.spec = Trouble(error.reason, str(error))
        self._write_status(seen, done)
        return Passed(done.retry, {lane: each.since for lane, each in done.waiting.items()}, done.began)

    def _bring_about(self, seen: Snapshot, done: Observed) -> None:
        pool, done.unknown = _understood(seen)
        done.lanes = tuple(lane.name for lane in pool.spec.lanes)
        done.former = self._former(pool, seen)
        suspended = {lane.name: pool.suspension_of(lane) for lane in pool.spec.lanes}
        done.suspended = {lane: why for lane, why in suspended.items() if why}
        self._look_for_gateways(pool, done)
        self._look_for_table(pool, done)
        done.floors = tuple(lane.name for lane in pool.spec.lanes if lane.scaling.min_replicas)
        done.asleep, done.annotators = tuple(self._asleep(pool)), seen.pool.annotators
        if seen.results_shared_with is not None:
            place = pool.results.url(pool.results.prefix)
            words = f"pool {seen.results_shared_with} has {place}, or a place around or within it, for its results"
            raise SpecError(Reason.RESULTS_SHARED, words)
        nodes = {lane.name: nodes_of(lane.name, lane.profiles, seen.profiles) for lane in pool.spec.lanes}
        engine = engine_of(pool.spec.engine, self._settings.engines)
        done.fits = tuple(
            fit(lane, pool.model_of(lane), nodes[lane.name].device, pool.pods_of(lane).cache_type)
            for lane in pool.spec.lanes
        )
        hold_or_let_go(self._cluster, seen.pool, pool)
        self._look_for_secret(pool, done)
        self._look_for_bundle(pool, done)
        self._ensure_queues(pool, done)
        if done.access or done.queue_trouble:
            return  # what runs is left alone
        self._compared.look(pool, done)
        events = self._ensure_events_queue(pool, done)
        lanes = tuple(
            lane_view(pool, lane, nodes[lane.name], done.queues[lane.name], self._settings, events)
            for lane in pool.spec.lanes
        )
        former = tuple(documents_of(self._cluster, seen.pool, done.former, seen.deployments))
        owner = (seen.pool.uid, self._cluster_id())
        self._apply(PoolView(pool, *owner, self._settings, engine, lanes, events, former), seen, done)

    def _former(self, pool: LLMWorkerPool, seen: Snapshot) -> tuple[FormerLane, ...]:
        region, now = pool.region_or(self._settings.region), self._now()
        lanes = taken_out(seen.pool, [lane.name for lane in pool.spec.lanes])
        looked = (still_draining(each, self._queues, region, now) for each in lanes)
        return tuple(each for each in looked if each is not None)

    def _farewell(self, seen: Snapshot) -> bool:
        """The garbage collector sees to everything in the cluster once the pool is let go."""
        trouble = say_farewell(self._cluster, self._queues, seen.pool, self._cluster_id(), self._settings.region)
        if trouble is not None:
            done = Observed.of(seen)
            done.queue_trouble, done.deleting = trouble, True
            self._write_status(seen, done)
        return trouble is not None

    def _asleep(self, pool: LLMWorkerPool) -> Iterator[str]:
        for lane in pool.spec.lanes:
            if asleep(suspended=False, quiet=quiet_periods(lane.schedules), now=self._now()):
                yield lane.name

    def _look_for_gateways(self, pool: LLMWorkerPool, done: Observed) -> None:
        if pool.spec.gateway is None:
            return
        done.gateway_at = f"http://{gateway_service_name(pool.metadata.name)}.{pool.metadata.namespace}"
        if self._settings.gateways is None:
            words = "the pool has a gateway, and the operator's Helm values turn gateways off"
            done.gateway_troubles += (Trouble(Reason.GATEWAYS_OFF, words),)

    def _look_for_table(self, pool: LLMWorkerPool, done: Observed) -> None:
        done.has_table = pool.spec.table is not None
        if done.has_table and self._settings.tables is None:
            words = "the pool has a table, and the operator's Helm values turn tables off"
            done.table_troubles += (Trouble(Reason.TABLES_OFF, words),)

    def _ensure_events_queue(self, pool: LLMWorkerPool, done: Observed) -> str | None:
        """Its URL, for a pool with a table. Where that fails, workers go on with the queue that was there: no row is
        lost for our trouble.
        """
        if pool.spec.table is None or self._settings.tables is None:
            return None
        try:
            wanted = events_queue(self._cluster_id(), pool, pool.region_or(self._settings.region))
            done.events_queue_url = self._queues.ensure(wanted).url
        except NotYet as error:
            done.table_troubles += (Trouble(error.reason, f"events queue: {error}"),)
        return done.events_queue_url

    def _look_for_secret(self, pool: LLMWorkerPool, done: Observed) -> None:
        emulator, namespace = self._settings.emulator, pool.metadata.namespace
        if emulator is not None and not self._cluster.has_secret(namespace, emulator.secret):
            make = f"kubectl create secret generic {emulator.secret} --namespace {namespace} {EMULATOR_KEYS}"
            words = f"namespace {namespace} has no Secret {emulator.secret}: {make}"
            done.access = Trouble(Reason.SECRET_MISSING, words)

    def _look_for_bundle(self, pool: LLMWorkerPool, done: Observed) -> None:
        bundle, namespace = self._settings.ca_bundle, pool.metadata.namespace
        if bundle is not None and not self._cluster.document(namespace, bundle.config_map_name, bundle.key):
            words = f"namespace {namespace} has no ConfigMap {bundle.config_map_name} with the key {bundle.key}"
            done.access = Trouble(Reason.CA_BUNDLE_MISSING, words)

    def _ensure_queues(self, pool: LLMWorkerPool, done: Observed) -> None:
        for lane in pool.spec.lanes:
            try:
                done.queues[lane.name] = self._queue(pool, lane, done)
            except NotYet as error:
                done.queue_trouble = Trouble(error.reason, f"lane {lane.name}: {error}", lane.name)
                return

    def _queue(self, pool: LLMWorkerPool, lane: Lane, done: Observed) -> QueueURLs:
        own, region = lane.queue.own, pool.region_or(self._settings.region)
        if own is not None:
            self._look_at_own(lane, Where(own, region, self._settings.endpoint), done)
            return own
        return self._queues.ensure(managed_queue(self._cluster_id(), pool, lane, region))

    def _cluster_id(self) -> str:
        if self._identity is None:
            self._identity = self._cluster.identity()
        return self._identity

    def _look_at_own(self, lane: Lane, where: Where, done: Observed) -> None:
        looked = self._own_queues.look(where, lane.limits.expires_after)
        if looked.denied:
            done.unseen += (lane.name,)
        if looked.trouble is not None:
            words = f"lane {lane.name}: {looked.trouble.message}"
            done.own_queue_troubles += (Trouble(looked.trouble.reason, words, lane.name),)

    def _apply(self, view: PoolView, seen: Snapshot, done: Observed) -> None:
        """Everything that can be applied is, whatever one object's trouble."""
        manifests, ours = render(view), [each for each in seen.children if each.owner == view.uid]
        turn = turns(manifests, ours, seen, stamp(self._now()))
        if turn.waiting:
            manifests = render(as_served(self._cluster, view, seen, turn.waiting))
        done.waiting = turn.waiting
        wanted = {each["metadata"]["name"] for each in manifests if each["kind"] == PREFLIGHT_KIND}
        done.preflight = next((each for each in seen.jobs if each.name in wanted), None)
        draining = [each.name for each in done.former or ()]
        in_use = seen.configs_in_use | seen.configs_of(turn.waiting)
        plan = make_plan(manifests, ours, in_use, draining, turn.waiting)
        if plan.apply and not self._cluster.has_pool(view.namespace, view.name, view.uid):
            return  # a watch that was broken off tells nobody of what was deleted meanwhile
        for child in plan.end:
            self._cluster.delete(child, view.namespace)
        not_ours: set[tuple[str, str]] = set()
        before = done.table_troubles
        for manifest in plan.apply:
            if not not_ours.isdisjoint(_rests_on(manifest)) or not self._apply_one(manifest, done):
                not_ours.add((manifest["kind"], manifest["metadata"]["name"]))
        done.changed = tuple(lanes_of(plan.apply))
        refused = {each.lane for each in done.applied}
        done.began = {lane: template for lane, template in turn.taken.items() if lane not in refused}
        for child in plan.delete:
            if child.kind == "ConfigMap" and (done.applied or done.table_troubles != before):
                continue  # a Deployment whose change was refused still names it
            self._cluster.delete(child, view.namespace)

    def _apply_one(self, manifest: Manifest, done: Observed) -> bool:
        """False where somebody else's object has the name."""
        try:
            self._cluster.apply(manifest)
        except NotYet as error:
            done.keda = Trouble(error.reason, str(error))
        except SpecError as error:
            metadata = manifest["metadata"]
            words, labels = f"{manifest['kind']} {metadata['name']}: {error}", metadata["labels"]
            trouble = Trouble(error.reason, words, labels.get(LANE_LABEL))
            match labels.get(COMPONENT_LABEL):
                case Component.GATEWAY:  # jobs are taken and answered without these two
                    done.gateway_troubles += (trouble,)
                case Component.PROJECTOR:
                    done.table_troubles += (trouble,)
                case _:
                    done.applied += (trouble,)
            return error.reason is not Reason.NAME_TAKEN
        return True

    def _write_status(self, seen: Snapshot, observed: Observed) -> None:
        observed.operator = self._settings.name if self._settings.namespaces else None
        now = self._now()
        status = build_status(observed, seen.pool.status, seen.pool.generation, stamp(now))
        if write_status(self._cluster, seen.pool, status):
            self._history.tell(seen.pool, transitions(seen.pool.status, status), now)


def _rests_on(manifest: Manifest) -> set[tuple[str, str]]:
    """Kind and name of what KEDA would scale by this, or its pods would read: never somebody else's."""
    match manifest["kind"]:
        case "ScaledObject":
            return {("Deployment", manifest["spec"]["scaleTargetRef"]["name"])}
        case "Deployment":
            volumes = manifest["spec"]["template"]["spec"]["volumes"]
            return {("ConfigMap", each["configMap"]["name"]) for each in volumes if "configMap" in each}
        case _:
            return set()


def _understood(seen: Snapshot) -> Understood:
    try:
        return understood(seen.pool.document())
    except ValidationError as error:
        raise SpecError(Reason.INVALID_SPEC, problems(error, LLMWorkerPool)) from error
