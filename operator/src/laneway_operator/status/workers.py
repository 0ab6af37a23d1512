"""What a pool's status says of its workers: whether they serve, and whether a change of them is under way. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.metadata import Suspension
from laneway_operator.reasons import Reason
from laneway_operator.render.meta import Component
from laneway_operator.status.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from laneway_operator.known.observe import DeploymentFacts, PodFacts, Trouble
    from laneway_operator.status.model import FormerLane
    from laneway_operator.status.observed import Observed

SEVERITY = (
    Reason.SECRET_MISSING,
    Reason.IMAGE_VOLUMES_MISSING,
    Reason.VOLUME_CLAIM_MISSING,
    Reason.VOLUME_CLAIM_UNBOUND,
    Reason.IMAGE_PULL_FAILED,
    Reason.OUT_OF_MEMORY,
    Reason.MODEL_PULL_FAILED,
    Reason.MODEL_MISSING,
    Reason.MODEL_UNUSABLE,
    Reason.ENGINE_BROKEN,
)
"""Causes that explain others come first."""
PAUSES = (Suspension.PAUSED_POOL, Suspension.PAUSED_LANE)
AWAY_FROM_JOBS = (Reason.AWS_REFUSED, Reason.AWS_UNREACHABLE)
"""What keeps a worker from its jobs although its model is loaded, so that Kubernetes calls it ready."""


def workers_available(observed: Observed) -> Found:
    """Whether workers serve, or would."""
    wanted = sum(each.replicas for each in observed.deployments.values())
    ready = sum(each.ready for each in observed.deployments.values())
    missing = ready < wanted or any(each.unavailable for each in observed.deployments.values())
    found = [each for each in troubles(observed) if each.reason is not Reason.FEWER_SLOTS]
    trouble = worst(each for each in found if missing or each.reason in AWAY_FROM_JOBS)
    if trouble is not None:
        return Found("False", trouble.reason, trouble.message)
    return _handler(observed) or _resting(observed) or _awake(observed, wanted, ready)


def _resting(observed: Observed) -> Found | None:
    """Where nothing is started, whatever is sent."""
    if not observed.lanes or _awake_lanes(observed):
        return None
    if not observed.suspended:
        return Found("True", Reason.ASLEEP, "every lane is in a quiet schedule: jobs wait, running ones finish")
    reason = Reason.PAUSED if set(observed.suspended.values()) & set(PAUSES) else Reason.SUSPENDED
    return Found("True", reason, f"{_stopped(observed)}: jobs wait, running ones have their drainTimeout")


def _stopped(observed: Observed) -> str:
    """Which lanes somebody has stopped, by what, and who that was where nothing in Git tells it."""
    found = ((why, [lane for lane, each in observed.suspended.items() if each is why]) for why in Suspension)
    return "; ".join(_words(why, lanes, observed.annotators) for why, lanes in found if lanes)


def _words(why: Suspension, lanes: list[str], annotators: Mapping[str, str]) -> str:
    if why is Suspension.POOL:
        return "the pool is suspended"
    whole = "the pool" if why is Suspension.PAUSED_POOL else f"lane {', '.join(lanes)}"
    if why is Suspension.LANE:
        return f"{whole} is suspended"
    return f"{whole} is paused by the annotation {why}, which {annotators.get(why, 'somebody')} wrote"


def _awake(observed: Observed, wanted: int, ready: int) -> Found:
    asleep = f"; {_stopped(observed)}" if observed.suspended else ""
    asleep += f"; in a quiet schedule: {', '.join(observed.asleep)}" if observed.asleep else ""
    if not wanted:
        return Found("True", Reason.SCALED_TO_ZERO, f"no jobs, no workers; the next job starts one{asleep}")
    slower = worst(each for each in troubles(observed) if each.reason is Reason.FEWER_SLOTS)
    if ready and slower is not None:
        return Found("True", slower.reason, slower.message)
    if ready:
        return Found("True", Reason.SERVING, f"{ready} of {wanted} workers are ready{asleep}")
    return Found("Unknown", Reason.STARTING, f"workers are starting: {wanted}{asleep}")


def _handler(observed: Observed) -> Found | None:
    """Jobs are served without the dead-letter handler, but those that killed their workers have no result."""
    if observed.handler is None or not observed.handler.unavailable:
        return None
    trouble = trouble_of(observed, observed.handler, Component.DEAD_LETTERS)
    return Found("False", trouble.reason, f"dead-letter handler: {trouble.message}") if trouble else None


def reconciling(observed: Observed) -> Found:
    """Whether something is under way; not of a lane that merely grows or shrinks. As kstatus reads it."""
    if observed.deleting:
        return Found("True", Reason.DELETING, "the pool is being deleted, and waits for its queues to be")
    if (found := stuck(observed)) is not None:
        return Found("False", found.reason, found.message)
    lanes = [(name, each) for name, each in observed.deployments.items() if each.outdated or _unseen(observed, name)]
    if lanes:
        words = ", ".join(f"lane {name}: {each.outdated or each.replicas}" for name, each in lanes)
        rest = f"; {_waiting(observed)}" if observed.waiting else ""
        return Found("True", Reason.ROLLING_OUT, f"workers of before that are to be replaced: {words}{rest}")
    if observed.waiting:
        return Found("True", Reason.ROLLOUT_WAITING, f"{_waiting(observed)}; its workers of before go on")
    if observed.former:
        left = ", ".join(f"{each.name} ({_left(each)})" for each in observed.former)
        return Found(
            "False", Reason.LANE_DRAINING, f"taken out of the pool, and kept until its queues are empty: {left}"
        )
    return Found("False", Reason.SETTLED, "every worker is as the pool says")


def _waiting(observed: Observed) -> str:
    """Lanes of others aren't named: they may be other people's."""
    words = ", ".join(f"lane {name} ({each.ahead} before it)" for name, each in observed.waiting.items())
    return f"waits for its turn to have workers replaced: {words}"


def _left(lane: FormerLane) -> str:
    return "the operator can't look at its queues" if lane.messages is None else f"about {lane.messages} messages left"


def stuck(observed: Observed) -> Found | None:
    """A rollout that Kubernetes has given up hope of."""
    for name, each in observed.deployments.items():
        if each.stuck and not _unseen(observed, name):
            return Found("False", Reason.ROLLOUT_STUCK, f"lane {name}: no worker of the new kind comes up")
    return None


def coming(observed: Observed) -> Found | None:
    """What keeps the pool, as it is written now, from having served or rested yet; nothing once it has.

    Of a rollout: more workers are ready than there are old ones, so one of the new is.
    """
    awake = {name: each for name, each in observed.deployments.items() if name in _awake_lanes(observed)}
    lanes = [
        name
        for name, each in awake.items()
        if _unseen(observed, name) or (each.replicas and each.outdated and each.ready <= each.outdated)
    ]
    if lanes:
        words = f"no worker of the new kind serves yet: lane {', '.join(lanes)}; those of before go on"
        return stuck(observed) or Found("Unknown", Reason.ROLLING_OUT, words)
    if awake.keys() & observed.waiting.keys():
        return Found("Unknown", Reason.ROLLOUT_WAITING, f"{_waiting(observed)}; its workers of before go on")
    lanes = [name for name, each in awake.items() if not each.ready and (each.replicas or name in observed.floors)]
    return Found("Unknown", Reason.STARTING, f"workers are starting: lane {', '.join(lanes)}") if lanes else None


def _unseen(observed: Observed, lane: str) -> bool:
    """Whether workers run of which nothing is known since their Deployment was changed."""
    facts = observed.deployments[lane]
    return bool(facts.replicas) and (facts.stale or lane in observed.changed)


def _awake_lanes(observed: Observed) -> set[str]:
    """Lanes that start workers where jobs are sent."""
    return set(observed.lanes) - {*observed.asleep, *observed.suspended}


def troubles(observed: Observed) -> list[Trouble]:
    """Of the lanes' Deployments and workers. Kubernetes may keep a worker of before, that can't start, beside its
    replacement: what is wrong with it is no news.
    """
    refused = [each.trouble for each in observed.deployments.values()]
    told = [pod.trouble for lane in observed.deployments for pod in _newest(observed, lane)]
    return [each for each in (*refused, *told) if each is not None]


def _newest(observed: Observed, lane: str) -> list[PodFacts]:
    """A lane's workers as the pool wants them now, or where there is none all of them."""
    workers = [each for each in observed.pods if each.lane == lane and not each.leaving]
    return [each for each in workers if each.config == observed.deployments[lane].config] or workers


def trouble_of(observed: Observed, facts: DeploymentFacts, component: Component) -> Trouble | None:
    """What is wrong with the one Deployment of a component, or with its pods that stay."""
    told = (each.trouble for each in observed.pods if each.component == component and not each.leaving)
    return worst(each for each in (facts.trouble, *told) if each is not None)


def worst(troubles: Iterable[Trouble]) -> Trouble | None:
    """The one that explains most."""
    return min(troubles, key=_rank, default=None)


def _rank(trouble: Trouble) -> tuple[int, str, str]:
    rank = SEVERITY.index(trouble.reason) if trouble.reason in SEVERITY else len(SEVERITY)
    return rank, trouble.reason, trouble.message
