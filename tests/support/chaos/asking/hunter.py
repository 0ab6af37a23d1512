"""Kills whoever has a chosen request in hand."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from support.chaos.actors import DOWN_SECONDS
from support.chaos.asking.asks import GATEWAYS, NAME, Victim
from support.chaos.engine import crash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.chaos.asking.asks import Ask, Blow
    from support.chaos.asking.scene import Scene


ENGINES_REST_SECONDS = 10.0


class Aimed(NamedTuple):
    """A blow that will fall."""

    at: float
    victim: Victim
    number: int


class Hunter:
    """An actor."""

    def __init__(self, scene: Scene, asks: Sequence[Ask], seed: int) -> None:
        """Each blow falls once, on who has the request first."""
        self.kills: Counter[Victim] = Counter()
        self._scene = scene
        self._blows = {each.number: each.blow for each in asks if each.blow is not None}
        self._aimed: list[Aimed] = []
        self._engines_rest_until = 0.0
        self._passed = 0
        self._begun = [0] * len(scene.engines)
        self._random = random.Random(seed)  # noqa: S311 - a seeded script, no secret

    @property
    def done(self) -> bool:
        """Whether every blow has fallen."""
        return not self._blows and not self._aimed

    def ready_for(self, ask: Ask, now: float) -> bool:
        """Whether what its blow is to hit can be hit now: of the gateways one is dead at most, as a Deployment has it,
        and no job meets two dead engines in succession.
        """
        match ask.blow and ask.blow.victim:
            case Victim.TAKING | Victim.HOLDING:
                return not self._aims_at(GATEWAYS) and all(each.serves() for each in self._scene.gateways)
            case Victim.ENGINE:
                return not self._aims_at((Victim.ENGINE,)) and now >= self._engines_rest_until
            case _:
                return True

    def _aims_at(self, victims: Sequence[Victim]) -> bool:
        return any(each.victim in victims for each in self._aimed)

    def tend(self, now: float) -> None:
        self._watch_gateways(now)
        for number in range(len(self._scene.engines)):
            self._watch_engine(number, now)
        due = [each for each in self._aimed if each.at <= now]
        for each in due:
            self._aimed.remove(each)
            self._strike(each)

    def _watch_gateways(self, now: float) -> None:
        news = self._scene.balancer.passed[self._passed :]
        self._passed += len(news)
        for each in news:
            self._aim(each.number, each.gateway, now, GATEWAYS)

    def _watch_engine(self, number: int, now: float) -> None:
        news = self._scene.engines[number].begun[self._begun[number] :]
        self._begun[number] += len(news)
        for each in news:
            found = NAME.fullmatch(each.job)
            if found is not None:
                self._aim(int(found.group(1)), number, now, (Victim.WORKER, Victim.ENGINE))

    def _aim(self, request: int, holder: int, now: float, victims: Sequence[Victim]) -> None:
        blow: Blow | None = self._blows.get(request)
        if blow is not None and blow.victim in victims:
            del self._blows[request]
            self._aimed.append(Aimed(now + blow.seconds, blow.victim, holder))

    def _strike(self, aimed: Aimed) -> None:
        match aimed.victim:
            case Victim.TAKING | Victim.HOLDING:
                self._scene.gateways[aimed.number].kill()
                self._scene.gateways[aimed.number].start()
            case Victim.WORKER:
                self._scene.workers[aimed.number].kill()
                self._scene.ledger.killed(aimed.number)
                self._scene.workers[aimed.number].start()
            case Victim.ENGINE:
                seconds = self._random.uniform(*DOWN_SECONDS)
                crash(self._scene.loop, self._scene.engines[aimed.number], seconds)
                self._engines_rest_until = aimed.at + ENGINES_REST_SECONDS
        self.kills[aimed.victim] += 1
