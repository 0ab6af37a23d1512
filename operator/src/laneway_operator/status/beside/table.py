"""What a pool's status says of its table. It informs: jobs are taken and answered without. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.reasons import Reason
from laneway_operator.render.meta import Component
from laneway_operator.status.found import Found, not_made
from laneway_operator.status.workers import trouble_of

if TYPE_CHECKING:
    from laneway_operator.known.observe import DeploymentFacts
    from laneway_operator.status.observed import Observed

CONDITION = "TableReady"
UNNAMED = (Reason.CRASHING, Reason.REFUSED)
"""What has no name of its own."""
OF_THE_QUEUE = (
    Reason.QUEUE_ACCESS_DENIED,
    Reason.QUEUE_NOT_OURS,
    Reason.AWS_UNREACHABLE,
    Reason.TABLES_OFF,
)


def table_ready(observed: Observed) -> Found | None:
    """The condition; none of a pool that asks for no table. Where what it asks for can't be read, the projector that
    it has is told of.
    """
    if not observed.has_table and (observed.projector is None or not observed.spec):
        return None
    if observed.table_troubles:
        first = observed.table_troubles[0]
        return Found("False", first.reason if first.reason in OF_THE_QUEUE else Reason.TABLE_REFUSED, first.message)
    if observed.projector is None:
        return not_made(observed, Found("Unknown", Reason.TABLE_STARTING, "the projector is being made"))
    return _made(observed, observed.projector)


def _made(observed: Observed, facts: DeploymentFacts) -> Found:
    """A projector is ready while its table takes rows."""
    if facts.ready:
        return Found("True", Reason.TABLE_WRITING, "the projector runs, and the table takes rows")
    trouble = trouble_of(observed, facts, Component.PROJECTOR)
    if trouble is not None:
        reason = Reason.TABLE_UNAVAILABLE if trouble.reason in UNNAMED else trouble.reason
        return Found("False", reason, f"projector: {trouble.message}")
    if not facts.replicas:
        return Found("True", Reason.TABLE_IDLE, "no event waits: every result has its row")
    return Found("Unknown", Reason.TABLE_STARTING, "the projector is starting, or its table takes no rows")
