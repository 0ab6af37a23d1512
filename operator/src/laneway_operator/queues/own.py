"""Queues of a lane's own: whether they are as a lane needs them, by the operator's identity where it may look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.pool.queues.rules import FaultCode, Where, queue_faults
from laneway_operator.errors import NotYet
from laneway_operator.known.observe import Trouble
from laneway_operator.queues.recent import Recent
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway_operator.queues.port import Queues

REASONS = {
    FaultCode.REDRIVE_TOO_LOW: Reason.REDRIVE_TOO_LOW,
    FaultCode.RETENTION_TOO_SHORT: Reason.RETENTION_TOO_SHORT,
}


@dataclass(frozen=True)
class Looked:
    """What came of a look."""

    trouble: Trouble | None = None
    denied: bool = False
    """The operator's identity may not look: that is no trouble, as the pool's identity does so in the preflight."""


GOOD = Looked()
DENIED = Looked(denied=True)


class OwnQueues:
    """Serves several threads."""

    def __init__(self, queues: Queues, now: Callable[[], datetime]) -> None:
        """`now` has a zone."""
        self._queues = queues
        self._now = now
        self._good: Recent[tuple[Where, int], Looked] = Recent()

    def look(self, where: Where, expires_after: int) -> Looked:
        """Whether jobs that live for `expires_after` seconds all have a result; never raises."""
        good = self._good.get((where, expires_after), self._now().timestamp())
        if good is not None:
            return good
        try:
            own = self._queues.look(where.urls, where.region)
        except NotYet as error:
            denied = error.reason is Reason.QUEUE_ACCESS_DENIED
            return DENIED if denied else Looked(Trouble(error.reason, str(error)))
        for fault in queue_faults(where, own, expires_after):
            return Looked(Trouble(REASONS[fault.code], fault.message))
        self._good.put((where, expires_after), GOOD, self._now().timestamp())
        return GOOD
