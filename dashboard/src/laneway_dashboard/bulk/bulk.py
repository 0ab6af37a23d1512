"""Actions that were proposed, run and have ended."""

from __future__ import annotations

import logging
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.logs import log_defect
from laneway_dashboard.bulk.running import running
from laneway_dashboard.errors import Refused
from laneway_dashboard.ports.actions import MAX_TARGETS, Plan, Progress, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from laneway_dashboard.ports.actions import ActionStore
    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.failed import FailedJobs, FailedSeen, Verb
    from laneway_dashboard.ports.visitors import Visitor

log = logging.getLogger(__name__)

ID_BYTES = 16
TYPED_ABOVE = 100  # jobs: from there on a click is too little
MOST_PROPOSED = 50  # plans that nobody confirmed
BROKEN = "something broke: the dashboard's log names it"


@dataclass
class Action:
    """A plan, and how far it is."""

    plan: Plan
    progress: Progress
    stop: threading.Event

    @property
    def done(self) -> int:
        """How many went as planned."""
        return self.progress.position - len(self.progress.refused)

    @property
    def must_be_typed(self) -> bool:
        """Whether who confirms has to type how many there are."""
        return len(self.plan.targets) > TYPED_ABOVE


class Bulk:
    """All actions of a server."""

    def __init__(
        self,
        pools: Mapping[str, FailedJobs],
        store: ActionStore,
        clock: Clock,
        start: Callable[[Callable[[], None]], None],
        changed: Callable[[], None],
    ) -> None:
        """`start` runs a function beside everything else; `changed` is called when something was done. What ran when
        the last server ended is held, until a person takes it up.
        """
        self._pools = pools
        self._store = store
        self._clock = clock
        self._start = start
        self._changed = changed
        self._lock = threading.Lock()
        self._actions = {plan.id: Action(plan, _held(progress), threading.Event()) for plan, progress in store.load()}

    def of(self, pool: str) -> list[Action]:
        """Those of a pool that were begun, the newest first."""
        found = [
            each
            for each in tuple(self._actions.values())
            if each.plan.pool == pool and each.progress.state != "proposed"
        ]
        return sorted(found, key=lambda each: each.plan.at, reverse=True)

    def get(self, pool: str, action_id: str) -> Action | None:
        """One of a pool's."""
        found = self._actions.get(action_id)
        return found if found is not None and found.plan.pool == pool else None

    def propose(self, pool: str, verb: Verb, jobs: Sequence[FailedSeen], told: str, visitor: Visitor) -> Action:
        """Freeze what is meant; raises `Refused` where it is nothing, or too much."""
        if not jobs:
            raise Refused("no failed job is meant: they may have been retried or dropped just now")
        if len(jobs) > MAX_TARGETS:
            raise Refused(f"these are more than {MAX_TARGETS:,} jobs: choose a code, a cause or a lane first")
        targets = tuple(Target(id=each.id, etag=each.etag) for each in jobs)
        plan = Plan(
            id=secrets.token_urlsafe(ID_BYTES),
            pool=pool,
            verb=verb,
            filter=told,
            who=visitor.name,
            at=self._clock.now(),
            targets=targets,
        )
        action = Action(plan, Progress(), threading.Event())
        with self._lock:
            self._forget_proposed()
            self._actions[plan.id] = action
        return action

    def _forget_proposed(self) -> None:
        proposed = [name for name, each in self._actions.items() if each.progress.state == "proposed"]
        for name in proposed[: max(0, len(proposed) - MOST_PROPOSED + 1)]:
            del self._actions[name]

    def begin(self, action: Action, visitor: Visitor) -> None:
        """Carry it out; a second time changes nothing."""
        with self._lock:
            if action.progress.state != "proposed":
                return
            self._store.begin(action.plan)
            action.progress = Progress(state="running")
        self._audit("action begun", action, visitor)
        self._run(action)

    def resume(self, action: Action, visitor: Visitor) -> None:
        """Go on where it was held or aborted."""
        with self._lock:
            if action.progress.state not in ("held", "aborted"):
                return
            action.stop = threading.Event()
            action.progress = action.progress.model_copy(update={"state": "running", "why": None})
        self._audit("action resumed", action, visitor)
        self._run(action)

    def abort(self, action: Action, visitor: Visitor) -> None:
        """Do no more of it; what was done stays done."""
        if action.progress.state == "running":
            self._audit("action aborted", action, visitor)
            action.stop.set()

    def _run(self, action: Action) -> None:
        self._start(lambda: self._carry_out(action))

    def _carry_out(self, action: Action) -> None:
        try:
            self._follow(action)
        except Exception as error:  # noqa: BLE001 - a full disk, or a defect: a person can take it up all the same
            log_defect(log, error)
            action.progress = action.progress.model_copy(update={"state": "held", "why": BROKEN})
        self._changed()
        log.info("action over", extra={"fields": _told(action) | {"state": action.progress.state, "done": action.done}})

    def _follow(self, action: Action) -> None:
        for progress in running(self._pools[action.plan.pool], action.plan, action.progress, action.stop, self._clock):
            action.progress = progress
            if progress.state != "running" or progress.position % 10 == 0:
                self._store.save(action.plan.id, progress)

    @staticmethod
    def _audit(what: str, action: Action, visitor: Visitor) -> None:
        log.info(what, extra={"fields": _told(action) | {"by": visitor.name}})


def _told(action: Action) -> dict[str, str | int]:
    """Who, what, how many; no id of a job, and no text."""
    plan = action.plan
    return {"action": plan.id, "who": plan.who, "verb": plan.verb, "pool": plan.pool, "jobs": len(plan.targets)}


def _held(progress: Progress) -> Progress:
    if progress.state != "running":
        return progress
    return progress.model_copy(update={"state": "held", "why": "the dashboard ended before it was through"})
