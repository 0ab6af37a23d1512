"""What a pool's status says of its workers: whether they serve, and whether they are being replaced. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.reasons import Reason
from laneway_operator.render.dead_letters import COMPONENT
from laneway_operator.status.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway_operator.known.observe import PodFacts, Trouble
    from laneway_operator.status.observed import Observed

SEVERITY = (
    Reason.SECRET_MISSING,
    Reason.IMAGE_VOLUMES_MISSING,
    Reason.IMAGE_PULL_FAILED,
    Reason.OUT_OF_MEMORY,
    Reason.MODEL_PULL_FAILED,
    Reason.MODEL_MISSING,
    Reason.MODEL_UNUSABLE,
    Reason.ENGINE_BROKEN,
)
"""Causes that explain others come first."""
AWAY_FROM_JOBS = (Reason.AWS_REFUSED, Reason.AWS_UNREACHABLE)
"""What keeps a worker from its jobs although its model is loaded, so that Kubernetes calls it ready."""


def workers_available(observed: Observed) -> Found:
    """Whether workers serve, or would."""
    wanted = sum(each.replicas for each in observed.deployments.values())
    ready = sum(each.ready for each in observed.deployments.values())
    missing = ready < wanted or any(each.unavailable for each in observed.deployments.values())
    trouble = worst(each for each in _troubles(observed) if missing or each.reason in AWAY_FROM_JOBS)
    if trouble is not None:
        return Found("False", trouble.reason, trouble.message)
    return _handler(observed) or _resting(observed) or _awake(observed, wanted, ready)


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


def _handler(observed: Observed) -> Found | None:
    """Jobs are served without the dead-letter handler, but those that killed their workers have no result."""
    if observed.handler is None or not observed.handler.unavailable:
        return None
    told = [each.trouble for each in observed.pods if is_handler(each) and not each.leaving]
    trouble = worst(each for each in (observed.handler.trouble, *told) if each is not None)
    return Found("False", trouble.reason, f"dead-letter handler: {trouble.message}") if trouble else None


def is_handler(pod: PodFacts) -> bool:
    """Whether it is the dead-letter handler's."""
    return pod.component == COMPONENT


def progressing(observed: Observed) -> Found:
    """Not of a lane that merely grows or shrinks."""
    if observed.deleting:
        return Found("True", Reason.DELETING, "the pool is being deleted, and waits for its queues to be")
    lanes = [(name, each) for name, each in observed.deployments.items() if each.outdated or each.stuck]
    for name, each in lanes:
        if each.stuck:
            return Found("False", Reason.ROLLOUT_STUCK, f"lane {name}: no worker of the new kind comes up")
    if lanes:
        words = ", ".join(f"lane {name}: {each.outdated}" for name, each in lanes)
        return Found("True", Reason.ROLLING_OUT, f"workers of before that are to be replaced: {words}")
    return Found("False", Reason.SETTLED, "every worker is as the pool says")


def _troubles(observed: Observed) -> list[Trouble]:
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


def worst(troubles: Iterable[Trouble]) -> Trouble | None:
    """The one that explains most."""
    return min(troubles, key=_rank, default=None)


def _rank(trouble: Trouble) -> tuple[int, str, str]:
    rank = SEVERITY.index(trouble.reason) if trouble.reason in SEVERITY else len(SEVERITY)
    return rank, trouble.reason, trouble.message
