"""(observed, now) → the status of a pool. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from laneway_operator.reasons import CONDITIONS, Reason, with_fix
from laneway_operator.status_model import MAX_MESSAGE, Condition, LaneStatus, PoolStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from laneway.schema.lane_config import QueueURLs
    from laneway_operator.observe import DeploymentFacts, JobFacts, PodFacts, ScalerFacts, Trouble

READY = "Ready"
Status = Literal["True", "False", "Unknown"]
ORDER = tuple(kind for kind in CONDITIONS if kind != READY)
SEVERITY = (Reason.SECRET_MISSING, Reason.IMAGE_PULL_FAILED, Reason.OUT_OF_MEMORY, Reason.MODEL_UNUSABLE)
"""Causes that explain others come first."""
AWAY_FROM_JOBS = (Reason.AWS_REFUSED, Reason.AWS_UNREACHABLE)
"""What keeps a worker from its jobs although its model is loaded, so that Kubernetes calls it ready."""


@dataclass(frozen=True)
class Found:
    """A condition before its time."""

    status: Status
    reason: Reason
    message: str


@dataclass(frozen=True)
class Observed:
    """What reconciling found out about one pool."""

    lanes: tuple[str, ...]
    """The lanes' names; none where the spec can't be read."""
    spec: Trouble | None = None
    queues: Mapping[str, QueueURLs] = field(default_factory=dict)
    queue_trouble: Trouble | None = None
    own_queue_trouble: Trouble | None = None
    unseen: tuple[str, ...] = ()
    """Lanes whose own queues the operator may not look at."""
    access: Trouble | None = None
    applied: Trouble | None = None
    """What kept children from being applied."""
    keda: Trouble | None = None
    preflight: JobFacts | None = None
    deployments: Mapping[str, DeploymentFacts] = field(default_factory=dict)
    scalers: Mapping[str, ScalerFacts] = field(default_factory=dict)
    pods: tuple[PodFacts, ...] = ()
    suspended: bool = False
    asleep: tuple[str, ...] = ()
    """Lanes in a quiet schedule."""


def build_status(observed: Observed, old: Mapping[str, Any], generation: int, now: str) -> dict[str, Any]:
    """The status to write, as JSON; equal to `old` where nothing changed. `now` is RFC 3339."""
    found = {"SpecAccepted": _spec(observed)} | _after_spec(observed)
    before = {each["type"]: each for each in old.get("conditions", [])}
    conditions = [
        _condition(kind, each, before.get(kind, {}), generation, now)
        for kind, each in ({READY: _summary(found)} | found).items()
    ]
    known = {each["name"]: each for each in old.get("lanes", [])}
    lanes = tuple(_lane(name, observed, known.get(name, {})) for name in observed.lanes or known)
    ready, wanted = sum(each.ready_replicas for each in lanes), sum(each.replicas for each in lanes)
    status = PoolStatus(
        observed_generation=generation,
        conditions=tuple(conditions),
        lane_count=len(lanes),
        workers=f"{ready}/{wanted}",
        lanes=lanes,
    )
    return status.model_dump(by_alias=True, exclude_none=True, mode="json")


def _condition(kind: str, found: Found, before: Mapping[str, Any], generation: int, now: str) -> Condition:
    since = before.get("lastTransitionTime", now) if before.get("status") == found.status else now
    message = with_fix(found.reason, found.message)
    return Condition(
        type=kind,
        status=found.status,
        reason=found.reason,
        message=message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 1]}…",
        last_transition_time=since,
        observed_generation=generation,
    )


def _summary(found: Mapping[str, Found]) -> Found:
    """The first thing that is wrong; else the first that is not known; else how the workers are."""
    workers = found["WorkersAvailable"]
    for state in ("False", "Unknown"):
        for kind in ORDER:
            if found[kind].status == state and (state, kind) != ("Unknown", "WorkersAvailable"):
                return found[kind]
    return Found("True", workers.reason, workers.message)


def _spec(observed: Observed) -> Found:
    if observed.spec:
        return Found("False", observed.spec.reason, observed.spec.message)
    if observed.applied:
        return Found("False", observed.applied.reason, observed.applied.message)
    return Found("True", Reason.ACCEPTED, "the pool is understood and applied")


def _after_spec(observed: Observed) -> dict[str, Found]:
    """What is looked at only where the spec is accepted. Workers of before go on, and are looked at."""
    not_looked_at = Found("Unknown", Reason.NOT_LOOKED_AT, "not looked at: the spec is not accepted")
    workers = _workers(observed) if observed.deployments or not observed.spec else not_looked_at
    if observed.spec:
        return dict.fromkeys(("QueuesReady", "AccessVerified", "ScalingReady"), not_looked_at) | {
            "WorkersAvailable": workers
        }
    return {
        "QueuesReady": _queues(observed),
        "AccessVerified": _access(observed),
        "ScalingReady": _scaling(observed),
        "WorkersAvailable": workers,
    }


def _queues(observed: Observed) -> Found:
    """Queues that were made by others and can't be reached now may be as they should."""
    if observed.queue_trouble:
        return Found("False", observed.queue_trouble.reason, observed.queue_trouble.message)
    if observed.own_queue_trouble:
        reason, message = observed.own_queue_trouble.reason, observed.own_queue_trouble.message
        return Found("Unknown" if reason is Reason.AWS_UNREACHABLE else "False", reason, message)
    if observed.unseen:
        lanes = ", ".join(observed.unseen)
        words = (
            f"every lane has its queues; those of {lanes} only the preflight looks at: the operator's identity may not"
        )
        return Found("True", Reason.QUEUES_READY, words)
    return Found("True", Reason.QUEUES_READY, "every lane has its queues")


def _access(observed: Observed) -> Found:
    if observed.access:
        return Found("False", observed.access.reason, observed.access.message)
    if observed.preflight is not None and observed.preflight.succeeded:
        return Found("True", Reason.PUBLISHED, "the pool's own identity has its rights, and pool.json is published")
    told = (each.trouble for each in observed.pods if each.lane is None and not each.leaving)
    trouble = _worst(each for each in told if each is not None)
    if trouble is None:
        return Found("Unknown", Reason.CHECKING, "the preflight has not tried the pool's rights yet")
    reason = Reason.PREFLIGHT_FAILED if trouble.reason is Reason.CRASHING else trouble.reason
    return Found("False", reason, f"preflight: {trouble.message}")


def _scaling(observed: Observed) -> Found:
    if observed.keda:
        return Found("False", observed.keda.reason, observed.keda.message)
    for lane in observed.lanes:
        facts = observed.scalers.get(lane)
        if facts is not None and facts.ready is False:
            return Found("False", Reason.KEDA_ERROR, f"lane {lane}: {facts.message}")
    if not observed.lanes or any(lane not in observed.scalers for lane in observed.lanes):
        return Found("Unknown", Reason.WAITING_FOR_KEDA, "KEDA does not watch every lane yet")
    if any(observed.scalers[lane].ready is None for lane in observed.lanes):
        return Found("Unknown", Reason.WAITING_FOR_KEDA, "KEDA has not looked at every lane yet")
    return Found("True", Reason.SCALING, "KEDA watches every lane")


def _workers(observed: Observed) -> Found:
    wanted = sum(each.replicas for each in observed.deployments.values())
    ready = sum(each.ready for each in observed.deployments.values())
    missing = ready < wanted or any(each.unavailable for each in observed.deployments.values())
    trouble = _worst(each for each in _troubles(observed) if missing or each.reason in AWAY_FROM_JOBS)
    if trouble is not None:
        return Found("False", trouble.reason, trouble.message)
    return _resting(observed) or _awake(observed, wanted, ready)


def _resting(observed: Observed) -> Found | None:
    """Where nothing is started, whatever is sent."""
    if observed.suspended:
        return Found("True", Reason.SUSPENDED, "the pool is suspended: jobs wait, running ones have their drainTimeout")
    if observed.lanes and set(observed.lanes) == set(observed.asleep):
        return Found("True", Reason.ASLEEP, "every lane is in a quiet schedule: jobs wait, running ones finish")
    return None


def _awake(observed: Observed, wanted: int, ready: int) -> Found:
    asleep = f"; in a quiet schedule: {', '.join(observed.asleep)}" if observed.asleep else ""
    if not wanted:
        return Found("True", Reason.SCALED_TO_ZERO, f"no jobs, no workers; the next job starts one{asleep}")
    if ready:
        return Found("True", Reason.SERVING, f"{ready} of {wanted} workers are ready{asleep}")
    return Found("Unknown", Reason.STARTING, f"workers are starting: {wanted}{asleep}")


def _troubles(observed: Observed) -> list[Trouble]:
    """Of the lanes' Deployments and workers."""
    refused = [each.trouble for each in observed.deployments.values()]
    told = [each.trouble for each in observed.pods if each.lane and not each.leaving]
    return [each for each in (*refused, *told) if each is not None]


def _worst(troubles: Iterable[Trouble]) -> Trouble | None:
    return min(troubles, key=_rank, default=None)


def _rank(trouble: Trouble) -> tuple[int, str, str]:
    rank = SEVERITY.index(trouble.reason) if trouble.reason in SEVERITY else len(SEVERITY)
    return rank, trouble.reason, trouble.message


def _lane(name: str, observed: Observed, before: Mapping[str, Any]) -> LaneStatus:
    """Queues that were not looked at this time are those of before."""
    urls, facts = observed.queues.get(name), observed.deployments.get(name)
    return LaneStatus(
        name=name,
        queue_url=urls.url if urls else before.get("queueURL"),
        dead_letter_queue_url=urls.dead_letter_url if urls else before.get("deadLetterQueueURL"),
        replicas=facts.replicas if facts else 0,
        ready_replicas=facts.ready if facts else 0,
    )
