"""Whether this operator is the active one. A thread asks, as a busy event loop must not cost the Lease."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from laneway_operator.errors import Conflict, SpecError, Unreachable
from laneway_operator.leader.election import LEADS_SECONDS, TURN_SECONDS, looked, released, wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway_operator.leader.election import Sighting
    from laneway_operator.leader.lease import Lease

log = logging.getLogger(__name__)


class Leader:
    """May be asked by every thread; one thread turns it."""

    def __init__(self, lease: Lease, me: str, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        """`clock` is monotonic, `now` has a zone; `me` differs from every other operator's name."""
        self._lease = lease
        self._me = me
        self._clock = clock
        self._now = now
        self._seen: Sighting | None = None
        self._until = clock()
        self._turned = clock()
        self._left = threading.Event()
        self._thread: threading.Thread | None = None

    def seconds_left(self) -> float:
        """For how long this operator may write yet; 0 or less: it may not."""
        return self._until - self._clock()

    @property
    def leads(self) -> bool:
        """Whether it may write."""
        return self.seconds_left() > 0

    @property
    def is_known(self) -> bool:
        """Whether an operator, this one or another, was last seen to hold the Lease."""
        return self._seen is not None and self._seen.record is not None and bool(self._seen.record.holder)

    def silent_seconds(self) -> float:
        """Since the Lease was last asked for, with whatever answer."""
        return self._clock() - self._turned

    def turn(self) -> bool:
        """Look at the Lease, and take or renew it where we may. True where this operator began to lead."""
        led, began = self.leads, self._clock()
        self._turned = began
        try:
            leads = self._try(began)
        except (Unreachable, SpecError) as error:
            log.warning("the Lease was not renewed: %s", error)
            return False
        if leads and not led:
            log.info("%s is the active operator now", self._me)
        return leads and not led

    def _try(self, began: float) -> bool:
        if self._seen is None or not self.leads:
            self._seen = looked(self._seen, self._lease.read(), self._clock())
        record = wanted(self._seen, self._me, self._clock(), _date(self._now()))
        if record is None:
            return False
        try:
            done = self._lease.write(record)
        except Conflict:
            self._seen = looked(self._seen, self._lease.read(), self._clock())
            return False
        self._seen = looked(self._seen, done, self._clock())
        self._until = began + LEADS_SECONDS
        return True

    def start(self, began: Callable[[], object]) -> None:
        """Keep turning; `began` is called each time this operator begins to lead."""
        self._thread = threading.Thread(target=self._turn_on, args=(began,), name="leader", daemon=True)
        self._thread.start()

    def _turn_on(self, began: Callable[[], object]) -> None:
        while not self._left.is_set():
            if self.turn():
                began()
            self._left.wait(TURN_SECONDS)

    def leave(self) -> None:
        """Stop, and give the Lease back where it is ours: a standby takes it at once. Called when nothing writes."""
        self._left.set()
        if self._thread is not None:
            self._thread.join()
        if not self.leads or self._seen is None or self._seen.record is None:
            return
        self._until = self._clock()
        try:
            self._lease.write(released(self._seen.record, _date(self._now())))
        except (Unreachable, SpecError) as error:
            log.warning("the Lease was not given back, and runs out: %s", error)


def _date(now: datetime) -> str:
    return now.isoformat(timespec="microseconds").replace("+00:00", "Z")
