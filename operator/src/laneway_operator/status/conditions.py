"""(observed, now) → the status of a pool. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway_operator.reasons import Reason, with_fix
from laneway_operator.status.fit import model_fits
from laneway_operator.status.found import Found
from laneway_operator.status.model import MAX_MESSAGE, Condition, LaneStatus, PoolStatus
from laneway_operator.status.workers import is_handler, progressing, workers_available, worst

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_operator.status.observed import Observed

READY = "Ready"
ORDER = ("SpecAccepted", "QueuesReady", "AccessVerified", "ScalingReady", "WorkersAvailable")
"""What `Ready` sums up."""


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
    workers = workers_available(observed) if observed.deployments or not observed.spec else not_looked_at
    if observed.spec:
        return dict.fromkeys(("QueuesReady", "AccessVerified", "ScalingReady"), not_looked_at) | {
            "WorkersAvailable": workers,
            "ModelFits": not_looked_at,
            "Progressing": progressing(observed) if observed.deployments or observed.deleting else not_looked_at,
        }
    return {
        "QueuesReady": _queues(observed),
        "AccessVerified": _access(observed),
        "ScalingReady": _scaling(observed),
        "WorkersAvailable": workers,
        "ModelFits": model_fits(observed.fits),
        "Progressing": progressing(observed),
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
    if observed.queue_trouble:
        return Found("Unknown", Reason.NOT_LOOKED_AT, "not looked at: the lanes' queues come first")
    if observed.preflight is not None and observed.preflight.succeeded:
        return Found("True", Reason.PUBLISHED, "the preflight has its rights, and pool.json is published")
    if observed.preflight is not None and observed.preflight.refused:
        words = f"the pod of Job {observed.preflight.name} is refused, by a ResourceQuota, a LimitRange or an admission"
        return Found("False", Reason.PREFLIGHT_REFUSED, f"{words} policy of the namespace")
    preflights = (each for each in observed.pods if each.lane is None and not is_handler(each))
    told = (each.trouble for each in preflights if not each.leaving)
    trouble = worst(each for each in told if each is not None)
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
    seen = (observed.scalers.get(lane) for lane in observed.lanes)
    if not observed.lanes or any(facts is None or facts.ready is None for facts in seen):
        return Found("Unknown", Reason.WAITING_FOR_KEDA, "KEDA has not looked at every lane yet")
    return Found("True", Reason.SCALING, "KEDA watches every lane")


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
