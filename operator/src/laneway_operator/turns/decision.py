"""Who needs a turn, who has one, and who is next. Pure.

All of it is read from the lanes' Deployments as they are, so another operator that takes over decides the same. A lane
none of whose workers is ready counts on neither side: it has nothing to lose, and may be broken for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from laneway_operator.known.observe import DeploymentFacts, LaneKey
    from laneway_operator.settings import Budget


def needs_turn(facts: DeploymentFacts | None, template: str) -> bool:
    """Whether another template would begin to replace workers that serve. One in whose midst the lane is already goes
    on, or back, at once: what it costs is spent.
    """
    return facts is not None and facts.template != template and serves(facts) and not facts.outdated


def has_turn(facts: DeploymentFacts) -> bool:
    """Whether workers that serve are being replaced. A rollout that Kubernetes has given up, or that somebody has
    paused, keeps nobody waiting.
    """
    begun = bool(facts.outdated) and not facts.stuck and not facts.paused
    return serves(facts) and (begun or facts.stale)


def serves(facts: DeploymentFacts) -> bool:
    """Whether it is wanted, and a worker of it is ready."""
    return facts.replicas > 0 and facts.ready > 0


def in_order(waiting: Mapping[LaneKey, str]) -> list[LaneKey]:
    """The line: who has waited longest is first. Values are times, RFC 3339 in UTC by the second."""
    return sorted(waiting, key=lambda lane: (waiting[lane], lane))


def next_turns(
    budget: Budget,
    fleet: Mapping[LaneKey, DeploymentFacts],
    taken: Collection[LaneKey],
    line: Collection[LaneKey],
) -> list[LaneKey]:
    """Those of the line that may begin now. `taken` are lanes that were given a turn, and don't show it yet."""
    having = {lane for lane, facts in fleet.items() if has_turn(facts)} | set(taken)
    awake = sum(facts.replicas > 0 for facts in fleet.values())
    free = budget.most(awake) - len(having)
    return [lane for lane in line if lane not in having][: max(0, free)]
