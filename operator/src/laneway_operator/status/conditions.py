"""(observed, now) → the status of a pool. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway_operator.reasons import Reason, with_fix
from laneway_operator.render.meta import Component
from laneway_operator.status.beside.gateway import CONDITION, gateway_ready
from laneway_operator.status.beside.table import CONDITION as TABLE
from laneway_operator.status.beside.table import table_ready
from laneway_operator.status.fit import model_fits
from laneway_operator.status.found import Found
from laneway_operator.status.limited import CONDITION as LIMITED
from laneway_operator.status.limited import scaling_limited
from laneway_operator.status.model import MAX_MESSAGE, READY, Condition, LaneStatus, PoolStatus
from laneway_operator.status.serving import serving
from laneway_operator.status.stages import stage_of
from laneway_operator.status.workers import coming, reconciling, stuck, workers_available, worst

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_operator.status.observed import Observed

ORDER = ("SpecAccepted", "QueuesReady", "AccessVerified", "ScalingReady", "WorkersAvailable")
"""What `Ready` sums up."""
WAKE_SECONDS = 120.0
"""KEDA asks a queue each five seconds, and SQS's counts may be a minute late."""


def build_status(observed: Observed, old: Mapping[str, Any], generation: int, now: str) -> dict[str, Any]:
    """The status to write, as JSON; equal to `old` where nothing changed. `now` is RFC 3339."""
    found = {"SpecAccepted": _spec(observed)} | _after_spec(observed)
    ready = _ready(observed, found, old, generation)
    beside = {CONDITION: gateway_ready(observed), TABLE: table_ready(observed)}
    informing = {LIMITED: scaling_limited(observed)}
    told = {READY: ready} | found | informing | {kind: each for kind, each in beside.items() if each}
    conditions = [condition(kind, each, old, generation, now) for kind, each in told.items()]
    known = {each["name"]: each for each in old.get("lanes", [])}
    lanes = tuple(
        _lane(name, observed, known.get(name, {}), found, generation, now) for name in observed.lanes or known
    )
    serve, wanted = sum(each.ready_replicas for each in lanes), sum(each.replicas for each in lanes)
    status = PoolStatus(
        observed_generation=generation,
        conditions=tuple(conditions),
        operator=observed.operator,
        events_queue_url=observed.events_queue_url,
        lane_count=len(lanes),
        workers=f"{serve}/{wanted}",
        ready_workers=serve,
        desired_workers=wanted,
        lanes=lanes,
        former_lanes=observed.former or None,
    )
    found_out = status.model_dump(by_alias=True, exclude_none=True, mode="json")
    kept = old.get("formerLanes") if observed.former is None else None
    return found_out | ({"formerLanes": kept} if kept else {})


def condition(kind: str, found: Found, old: Mapping[str, Any], generation: int, now: str) -> Condition:
    """One of a status; `old` has those of before."""
    before: Mapping[str, Any] = next((each for each in old.get("conditions", []) if each["type"] == kind), {})
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


def _ready(observed: Observed, found: Mapping[str, Found], old: Mapping[str, Any], generation: int) -> Found:
    """The first thing that is wrong; else the first that is not known; else how the workers are.

    A generation gets ready when its workers serve, or none are wanted. From then on workers may come and go: a lane
    that wakes is ready.
    """
    workers = found["WorkersAvailable"]
    for state in ("False", "Unknown"):
        for kind in ORDER:
            if found[kind].status == state and (state, kind) != ("Unknown", "WorkersAvailable"):
                return found[kind]
    if not _was_ready(old, generation) and (yet := coming(observed)) is not None:
        return yet
    spec = found["SpecAccepted"]
    rest = f"; {spec.message}" if spec.reason is Reason.NOT_UNDERSTOOD else ""
    return Found("True", workers.reason, f"{workers.message}{rest}")


def _was_ready(old: Mapping[str, Any], generation: int) -> bool:
    wanted = {"type": READY, "status": "True", "observedGeneration": generation}
    return any(wanted.items() <= each.items() for each in old.get("conditions", []))


def _stalled(observed: Observed) -> Found:
    """Whether nothing will move until a person edits something. As kstatus reads it."""
    spec = _spec(observed)
    wrong = spec if spec.status == "False" else stuck(observed)
    if wrong is not None:
        return Found("True", wrong.reason, wrong.message)
    return Found("False", Reason.AS_EXPECTED, "nothing waits for a person")


def _spec(observed: Observed) -> Found:
    if observed.spec:
        return Found("False", observed.spec.reason, observed.spec.message)
    if observed.applied:
        return Found("False", observed.applied[-1].reason, observed.applied[-1].message)
    if observed.unknown:
        return Found("True", Reason.NOT_UNDERSTOOD, f"the pool is newer than this operator: {observed.unknown}")
    return Found("True", Reason.ACCEPTED, "the pool is understood and applied")


def _after_spec(observed: Observed) -> dict[str, Found]:
    """What is looked at only where the spec is accepted. Workers of before go on, and are looked at."""
    not_looked_at = Found("Unknown", Reason.NOT_LOOKED_AT, "not looked at: the spec is not accepted")
    workers = workers_available(observed) if observed.deployments or not observed.spec else not_looked_at
    if observed.spec:
        return dict.fromkeys(("QueuesReady", "AccessVerified", "ScalingReady"), not_looked_at) | {
            "WorkersAvailable": workers,
            "ModelFits": not_looked_at,
            "Reconciling": reconciling(observed) if observed.deployments or observed.deleting else not_looked_at,
            "Stalled": _stalled(observed),
        }
    return {
        "QueuesReady": _queues(observed),
        "AccessVerified": _access(observed),
        "ScalingReady": _scaling(observed),
        "WorkersAvailable": workers,
        "ModelFits": model_fits(observed.fits),
        "Reconciling": reconciling(observed),
        "Stalled": _stalled(observed),
    }


def _queues(observed: Observed) -> Found:
    """Queues that were made by others and can't be reached now may be as they should."""
    if observed.queue_trouble:
        return Found("False", observed.queue_trouble.reason, observed.queue_trouble.message)
    missing = [each for each in observed.lanes if each not in observed.queues]
    if missing:
        words = f"not looked at: those of {', '.join(missing)}, as other trouble comes first"
        return Found("Unknown", Reason.NOT_LOOKED_AT, words)
    if observed.own_queue_troubles:
        reason, message = observed.own_queue_troubles[0].reason, observed.own_queue_troubles[0].message
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
    preflights = (each for each in observed.pods if each.component == Component.PREFLIGHT)
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
    if (found := _not_woken(observed)) is not None:
        return found
    unseen = [lane for lane in observed.lanes if (facts := observed.scalers.get(lane)) is None or facts.ready is None]
    if unseen or not observed.lanes:
        words = f"KEDA has not looked at every lane yet: {', '.join(unseen)}"
        return Found("Unknown", Reason.WAITING_FOR_KEDA, words)
    return Found("True", Reason.SCALING, "KEDA watches every lane")


def _not_woken(observed: Observed) -> Found | None:
    """What KEDA says of itself is what it said last: whether it works shows where jobs wait."""
    for lane in observed.lanes:
        facts = observed.scalers.get(lane)
        if facts is not None and facts.paused_by is not None and lane not in observed.suspended:
            words = f"lane {lane}: somebody has paused its ScaledObject by the annotation {facts.paused_by}"
            return Found("False", Reason.PAUSED_BY_HAND, words)
    late = [lane for lane, seconds in observed.unwoken.items() if seconds >= WAKE_SECONDS]
    if late:
        words = f"jobs wait, and KEDA starts no worker for them: lane {', '.join(late)}"
        return Found("False", Reason.NOT_WOKEN, words)
    return None


def _lane_ready(
    lane: str, observed: Observed, found: Mapping[str, Found], before: Mapping[str, Any], generation: int
) -> Found:
    """`found` is the pool's: the preflight looks at all lanes at once."""
    own = observed.of_lane(lane)
    mine = {"SpecAccepted": _spec(own)} | _after_spec(own) | {"AccessVerified": found["AccessVerified"]}
    return _ready(own, mine, before, generation)


def _lane(
    name: str,
    observed: Observed,
    before: Mapping[str, Any],
    found: Mapping[str, Found],
    generation: int,
    now: str,
) -> LaneStatus:
    """Queues that were not looked at this time are those of before."""
    ready = _lane_ready(name, observed, found, before, generation)
    urls, facts = observed.queues.get(name), observed.deployments.get(name)
    return LaneStatus(
        name=name,
        queue_url=urls.url if urls else before.get("queueURL"),
        dead_letter_queue_url=urls.dead_letter_url if urls else before.get("deadLetterQueueURL"),
        replicas=facts.replicas if facts else 0,
        ready_replicas=facts.ready if facts else 0,
        stage=stage_of(observed, name),
        conditions=(condition(READY, ready, before, generation, now),),
        rollout_waiting_since=waiting.since if (waiting := observed.waiting.get(name)) else None,
        serving=serving(observed, name),
    )
