"""Keeps the engine's model loaded, and logs what is new about it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laneway.logs import log_defect
from laneway.schema.shared.names import ENGINE_NOT_READY, ENGINE_READY, ENGINE_SICK

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.engine.engine import Engine
    from laneway_worker.ports.clock import Clock, Condition

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 10.0  # between two lines about a model on its way
DEFECT_SECONDS = 10.0


class Watch:
    """The loop of one thread; `over` says when to end."""

    def __init__(
        self, engine: Engine, clock: Clock, changed: Condition, over: Callable[[], bool], looked: Callable[[], None]
    ) -> None:
        """`changed` is the worker's one condition; `looked` is called after each look, and waits for nothing."""
        self._engine = engine
        self._clock = clock
        self._changed = changed
        self._over = over
        self._looked = looked
        self._told = ""
        self._told_at: float | None = None
        self._sick = False
        self._doubts = 0
        """How many there had been at the last look."""

    def run(self) -> None:
        """Look again and again; at once where the engine's readiness changes."""
        while not self._over():
            wait = self._look()
            self._looked()
            self._tell()
            self._tell_sick()
            with self._changed:
                self._changed.wait_for(lambda: self._over() or self._is_news, wait)
            self._tell_loss()

    def _look(self) -> float:
        self._doubts = self._engine.doubts.raised
        try:
            return self._engine.watch_once(self._tell_progress)
        except Exception as error:  # noqa: BLE001 - nothing may end the one thread that brings a restarted engine back
            log_defect(log, error)
            return DEFECT_SECONDS

    @property
    def _is_news(self) -> bool:
        """Whether the engine's readiness differs from what was told last, or somebody doubts it."""
        return self._is_lost_or_back or self._engine.doubts.raised > self._doubts

    @property
    def _is_lost_or_back(self) -> bool:
        return self._engine.ready is not (self._told == ENGINE_READY)

    def _tell_loss(self) -> None:
        """Before the next look, which may find the engine as it was: a runner that died is started by whoever asks."""
        if self._is_lost_or_back and not self._engine.ready:
            self._tell()

    def _tell_sick(self) -> None:
        """Once; whoever can start the engine anew reads it here, or asks for it."""
        why, before = self._engine.sick, self._sick
        self._sick = bool(why)
        if why and not before:
            log.warning(ENGINE_SICK, extra={"fields": {"why": why}})

    def _tell_progress(self) -> None:
        now = self._clock.monotonic()
        if self._told_at is None or now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            self._tell()

    def _tell(self) -> None:
        """Log what is new."""
        model, trouble, failing = self._engine.model, self._engine.trouble, self._engine.failing
        state, before = trouble if model is None else ENGINE_READY, self._told
        if state == before:
            return
        self._told = state
        if model is not None:
            log.info(ENGINE_READY, extra={"fields": model.model_dump()})
        else:
            level = logging.WARNING if failing or before == ENGINE_READY else logging.INFO
            fields = {"trouble": trouble, "unusable": self._engine.unusable, "code": failing.code if failing else ""}
            log.log(level, ENGINE_NOT_READY, extra={"fields": fields})
