"""The lanes that wait for their turn, and those that have been given one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway_operator.known.snapshot import Turn
from laneway_operator.turns.decision import has_turn, in_order, next_turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_operator.known.observe import DeploymentFacts, Key, LaneKey
    from laneway_operator.settings import Budget

SHOWN_SECONDS = 120.0  # a change comes back by a watch in milliseconds, or once the watch was renewed after 70 s


@dataclass
class Taken:
    """A turn that was given and that the cluster doesn't show yet."""

    since: float
    template: str | None = None
    """What the lane has been given; nothing while its pass is under way."""


class Line:
    """Lives in the event loop, as the world does: nothing is decided by half a picture, or by an old one. What it
    remembers is asked for again after a restart: who waits, and since when, stands in the pools' statuses.
    """

    def __init__(self, budget: Budget) -> None:
        """Nobody waits."""
        self._budget = budget
        self._waiting: dict[Key, Mapping[str, str]] = {}
        self._taken: dict[LaneKey, Taken] = {}
        self._next: set[LaneKey] = set()
        self._places: dict[LaneKey, int] = {}
        self.rolling = 0
        """How many lanes have a turn, some seconds ago."""
        self.waiting = 0
        """How many wait for theirs."""

    def give(self, fleet: Mapping[LaneKey, DeploymentFacts], now: float) -> set[Key]:
        """Decide anew whose turn it is. The answer: the pools to look at. `now` is monotonic."""
        self._taken = {lane: each for lane, each in self._taken.items() if not _is_over(each, fleet.get(lane), now)}
        self.rolling = len({lane for lane, facts in fleet.items() if has_turn(facts)} | self._taken.keys())
        waiting = {(pool, lane): since for pool, lanes in self._waiting.items() for lane, since in lanes.items()}
        line = in_order(waiting)
        self._places = {lane: place for place, lane in enumerate(line)}
        self._next = set(next_turns(self._budget, fleet, self._taken, line))
        return {pool for pool, _ in self._next}

    def turn_of(self, pool: Key, now: float) -> Turn:
        """What a pass over a pool may do, which begins now; `passed` or `forget` ends it."""
        for lane in [each for each in self._next if each[0] == pool]:
            self._next.discard(lane)
            self._taken[lane] = Taken(now)
        ahead = {lane: self._places.get((pool, lane), 0) for lane in self._waiting.get(pool, {})}
        return Turn(frozenset(lane for each, lane in self._taken if each == pool), ahead, self.waiting)

    def passed(self, pool: Key, waits: Mapping[str, str], began: Mapping[str, str], now: float) -> None:
        """A pass is over: its lanes that wait, each with since when, and those that were given a template."""
        self.forget(pool)
        if waits:
            self._waiting[pool] = waits
            self.waiting += len(waits)
        for lane, template in began.items():
            self._taken[pool, lane] = Taken(now, template)

    def forget(self, pool: Key) -> None:
        """It is gone, or the pass over it failed: it holds up nobody, and asks again."""
        self.waiting -= len(self._waiting.pop(pool, {}))
        for lane in [lane for lane, each in self._taken.items() if lane[0] == pool and each.template is None]:
            del self._taken[lane]


def _is_over(taken: Taken, facts: DeploymentFacts | None, now: float) -> bool:
    """From then on the Deployment tells. Where something else changes it underway, it never may."""
    if taken.template is None:
        return False
    return facts is None or facts.template == taken.template or now - taken.since > SHOWN_SECONDS
