"""Waiting for the world in place: the lease is kept, and nothing new is received meanwhile."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from laneway_worker.errors import Interrupted, Unavailable
from laneway_worker.failing import Failing

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.ports.clock import Clock, Condition

FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 15.0

T = TypeVar("T")

log = logging.getLogger(__name__)


class Patience:
    """Repeats what the world refuses."""

    def __init__(self, clock: Clock, changed: Condition, random: Callable[[], float]) -> None:
        """`random` gives numbers in [0, 1)."""
        self._clock = clock
        self._changed = changed
        self._random = random
        self.troubled = 0
        """How many jobs wait for the world; nothing is received meanwhile."""
        self.failing: Failing | None = None
        """What they wait for."""

    def until_done(self, action: Callable[[], T], gives_up: Callable[[], bool]) -> T:
        """Run an action until the world lets it pass; raises `Interrupted` once `gives_up` says so."""
        try:
            return action()
        except Unavailable as error:
            log.warning("waiting: %s", error)
            self._count(+1, error)
        try:
            done = self._repeat(action, gives_up)
        finally:
            self._count(-1)
        log.info("going on")
        return done

    def _repeat(self, action: Callable[[], T], gives_up: Callable[[], bool]) -> T:
        wait = FIRST_WAIT_SECONDS
        while True:
            self._pause(wait * (0.5 + self._random() / 2), gives_up)
            wait = min(LONGEST_WAIT_SECONDS, wait * 2)
            try:
                return action()
            except Unavailable as error:
                self._count(0, error)

    def _pause(self, seconds: float, gives_up: Callable[[], bool]) -> None:
        with self._changed:
            if self._changed.wait_for(gives_up, timeout=seconds):
                raise Interrupted

    def _count(self, step: int, error: Unavailable | None = None) -> None:
        with self._changed:
            self.troubled += step
            if error is not None:
                self.failing = Failing.again(self.failing, error, self._clock.monotonic())
            elif self.troubled == 0:
                self.failing = None
            self._changed.notify_all()
