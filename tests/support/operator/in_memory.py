"""Pools as the operator sees them, and an operator whose cluster and queues are in memory."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from laneway.schema.pool.pool import parse_pool
from laneway.schema.pool.queues.queue import QueueURLs
from laneway_operator.engines import parse_engines
from laneway_operator.known import observe
from laneway_operator.known.snapshot import PoolBody, Snapshot, Turn
from laneway_operator.placement.engines import engine_of
from laneway_operator.placement.nodes import nodes_of
from laneway_operator.queues.managed import events_queue, managed_queue
from laneway_operator.reconcile.one_pass import Reconciler
from laneway_operator.render.view import PoolView, lane_view
from laneway_operator.settings import Emulator, Gateways, Settings, Tables
from laneway_operator.testing.cluster import MemoryCluster
from laneway_operator.testing.queues import MemoryQueues, url_of
from laneway_operator.turns.held import Passed
from support.inputs.pools import named, pool_with
from support.inputs.profiles import profile_specs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway.schema.pool.profile import ProfileSpec

UID = "5f0f6a3e-0000-4000-8000-000000000001"
OTHER_UID = "5f0f6a3e-0000-4000-8000-000000000002"
CLUSTER_ID = "c1c1c1c1-0000-4000-8000-000000000000"
SECRET = "aws-emulator"  # noqa: S105 - a name

ENGINES = parse_engines(
    {
        "engines": {
            "ollama-0-12": {"image": "docker.io/ollama/ollama:0.12.0"},
            "ollama-0-32": {"image": "mirror.example/ollama:0.32.15", "pullPolicy": "Always"},
        },
        "defaultEngine": "ollama-0-12",
    }
)
OTHER_DEFAULT = ENGINES.model_copy(update={"default_engine": "ollama-0-32"})
SETTINGS = Settings(
    worker_image="registry.example/laneway/worker:0.1.0",
    engines=ENGINES,
    region="eu-west-1",
)
TABLED = replace(SETTINGS, tables=Tables("registry.example/laneway/projector:0.1.0"))
GATED = replace(SETTINGS, gateways=Gateways("registry.example/laneway/gateway:0.1.0"))
"""Gateways are turned on."""
EMULATED = replace(SETTINGS, emulator=Emulator("http://aws.emulator:4566", SECRET))

PROFILES = profile_specs(
    {
        "cpu": {},
        "other-cpu": {"nodeSelector": {"disk": "fast"}},
        "gpu": {
            "nodeSelector": {"node.kubernetes.io/instance-type": "g5.xlarge"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "accelerator": {"extendedResource": {"name": "nvidia.com/gpu", "count": 1, "memory": "22888Mi"}},
            "pricePerHour": "1.006",
        },
        "gpu-spot": {
            "nodeSelector": {"node.kubernetes.io/instance-type": "g5.xlarge", "karpenter.sh/capacity-type": "spot"},
            "tolerations": [
                {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
                {"key": "spot", "operator": "Exists", "effect": "NoSchedule"},
            ],
            "accelerator": {"extendedResource": {"name": "nvidia.com/gpu", "count": 1}},
            "interruption": "spot",
            "pricePerHour": "0.42",
        },
        "small-gpu": {
            "nodeSelector": {"node.kubernetes.io/instance-type": "g4dn.xlarge"},
            "accelerator": {"extendedResource": {"name": "nvidia.com/gpu", "count": 1}},
        },
    }
)


def queue_urls(pool: LLMWorkerPool, lane: Lane, region: str) -> QueueURLs:
    """The queues of a lane, as they are once they are made."""
    if lane.queue.own is not None:
        return lane.queue.own
    queue = managed_queue(CLUSTER_ID, pool, lane, region)
    return QueueURLs(url=url_of(queue.name, region), dead_letter_url=url_of(queue.dead_letter_name, region))


def pool_view(
    document: dict[str, Any],
    settings: Settings = SETTINGS,
    uid: str = UID,
    profiles: Mapping[str, ProfileSpec] = PROFILES,
) -> PoolView:
    """A pool that is ready to be rendered."""
    pool = parse_pool(document)
    region = pool.region_or(settings.region)
    has_table = pool.spec.table is not None and settings.tables is not None
    events = url_of(events_queue(CLUSTER_ID, pool, region).name, region) if has_table else None
    lanes = tuple(
        lane_view(
            pool,
            lane,
            nodes_of(lane.name, lane.profiles, profiles),
            queue_urls(pool, lane, region),
            settings,
            events,
        )
        for lane in pool.spec.lanes
    )
    return PoolView(pool, uid, CLUSTER_ID, settings, engine_of(pool.spec.engine, settings.engines), lanes, events)


HANDLER = "-dead-letters-of-all-lanes"


class OperatedPool:
    """One pool, and an operator whose world is in memory."""

    def __init__(self, document: dict[str, Any] | None = None, settings: Settings = SETTINGS) -> None:
        self.cluster = MemoryCluster(CLUSTER_ID)
        self.queues = MemoryQueues()
        self.now = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
        self.document = named(document or pool_with())
        self.generation = 1
        self.uid = UID
        self.pods: list[dict[str, Any]] = []
        self.annotations: dict[str, str] = {}
        """Of the pool, by a person."""
        self.annotators: dict[str, str] = {}
        self.results_shared_with: str | None = None
        self.profiles: dict[str, ProfileSpec | str] = dict(PROFILES)
        """Those of the cluster."""
        self.deleting = False
        """A person deleted it."""
        self.turn: Turn | None = None
        """Which of its lanes may have workers replaced; None: all."""
        self.passed = Passed()
        """How the last pass ended."""
        self.restart(settings)

    def restart(self, settings: Settings = SETTINGS) -> None:
        """A new operator, which remembers nothing."""
        self.reconciler = Reconciler(settings, self.cluster, self.queues, lambda: self.now)

    def change(self, document: dict[str, Any]) -> None:
        """A person edits the pool."""
        self.document, self.generation = named(document), self.generation + 1

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)

    def reconcile(self) -> bool:
        """One pass; true where it should be looked at again soon."""
        self.passed = self.reconciler.reconcile(self.seen())
        return self.passed.soon

    def again(self) -> list[str]:
        """What one more pass writes."""
        before = len(self.cluster.writes)
        self.reconcile()
        return self.cluster.writes[before:]

    def seen(self) -> Snapshot:
        """What the operator's indexes hold."""
        mine = [(kind, body) for (kind, _, _), body in self.cluster.objects.items() if self._is_mine(body)]
        lanes = {kind: {_lane(body): body for each, body in mine if each == kind and _lane(body)} for kind, _ in mine}
        metadata = self.document["metadata"]
        return Snapshot(
            pool=PoolBody(
                namespace=metadata["namespace"],
                name=metadata["name"],
                uid=self.uid,
                generation=self.generation,
                spec=self.document["spec"],
                status=self.status,
                held=self.uid in self.cluster.held,
                deleting=self.deleting,
                annotations=self.annotations,
                annotators=self.annotators,
            ),
            children=tuple(observe.child(kind, body) for kind, body in mine),
            deployments={lane: observe.deployment_facts(body) for lane, body in lanes.get("Deployment", {}).items()},
            scalers={lane: observe.scaler_facts(body) for lane, body in lanes.get("ScaledObject", {}).items()},
            handler=next((observe.deployment_facts(body) for kind, body in mine if _is_handler(kind, body)), None),
            gateway=next(
                (observe.deployment_facts(body) for kind, body in mine if _is_for("gateway", kind, body)), None
            ),
            projector=next((observe.deployment_facts(b) for kind, b in mine if _is_for("projector", kind, b)), None),
            jobs=tuple(observe.job_facts(body) for kind, body in mine if kind == "Job"),
            pods=tuple(observe.pod_facts(body) for body in self.pods),
            profiles=self.profiles,
            results_shared_with=self.results_shared_with,
            turn=self.turn,
        )

    def _is_mine(self, body: dict[str, Any]) -> bool:
        metadata = self.document["metadata"]
        return observe.key_of(body) == (metadata["namespace"], metadata["name"])

    @property
    def status(self) -> dict[str, Any]:
        """The pool's status as it was written last."""
        metadata = self.document["metadata"]
        return copy.deepcopy(self.cluster.statuses.get((metadata["namespace"], metadata["name"]), {}))

    def condition(self, kind: str) -> tuple[str, str, str]:
        """Status, reason and message of a condition."""
        found = next(each for each in self.status["conditions"] if each["type"] == kind)
        return found["status"], found["reason"], found["message"]

    def children(self, kind: str) -> dict[str, dict[str, Any]]:
        """Name → object of a kind, the dead-letter handler's aside."""
        found = {name: body for (each, _, name), body in self.cluster.objects.items() if each == kind}
        return {name: body for name, body in found.items() if HANDLER not in name}

    def child(self, kind: str) -> dict[str, Any]:
        """The only object of a kind."""
        (body,) = self.children(kind).values()
        return body

    def report(self, kind: str, status: dict[str, Any], **spec: Any) -> None:
        """Some controller writes the status of every object of a kind."""
        for body in self.children(kind).values():
            body["status"] = status
            body["spec"] |= spec

    def come_up(self) -> None:
        """The preflight succeeds and KEDA watches."""
        self.report("Job", {"succeeded": 1})
        self.report("ScaledObject", {"conditions": [{"type": "Ready", "status": "True", "message": "ready"}]})


def running_pool() -> OperatedPool:
    """A pool that sleeps: all is applied, the preflight has published, KEDA watches."""
    pool = OperatedPool()
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    return pool


def _is_handler(kind: str, body: dict[str, Any]) -> bool:
    return kind == "Deployment" and HANDLER in body["metadata"]["name"]


def _is_for(component: str, kind: str, body: dict[str, Any]) -> bool:
    return kind == "Deployment" and body["metadata"]["labels"].get("app.kubernetes.io/component") == component


def _lane(body: dict[str, Any]) -> str:
    return str(body["metadata"]["labels"].get("laneway.dev/lane", ""))
