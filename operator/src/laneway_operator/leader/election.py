"""Which of several operators is active: a Lease of Kubernetes, taken and kept by rule. The clock is a value. Pure.

The times are those of Kubernetes' own controllers. A Lease is judged by for how long *we* have seen it unchanged, so
clocks that differ do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

DURATION_SECONDS = 15  # an operator that has not renewed for so long has lost the Lease
LEADS_SECONDS = 10.0  # after its last renewal it stops by itself: 5 s before another may begin
TURN_SECONDS = 2.0  # between two looks at the Lease


@dataclass(frozen=True)
class Record:
    """What a Lease says."""

    holder: str = ""
    """Empty: nobody."""
    seconds: int = DURATION_SECONDS
    """For how long it holds without being renewed."""
    transitions: int = 0
    acquired: str = ""
    """RFC 3339, for people."""
    renewed: str = ""
    version: str = ""
    """The resource version that a write is conditional on; empty before it is made."""


@dataclass(frozen=True)
class Sighting:
    """A Lease, and since when it has been seen like this."""

    record: Record | None
    """None where there is none."""
    since: float


def looked(before: Sighting | None, record: Record | None, now: float) -> Sighting:
    """What a look at the Lease adds to the look before."""
    return before if before is not None and before.record == record else Sighting(record, now)


def wanted(seen: Sighting, me: str, now: float, date: str) -> Record | None:
    """The Lease as we should write it; None where another holds it. `date` is the time in RFC 3339."""
    record = seen.record
    if record is None:
        return Record(holder=me, acquired=date, renewed=date)
    if record.holder == me:
        return replace(record, seconds=DURATION_SECONDS, renewed=date)
    if record.holder and now - seen.since < record.seconds:
        return None
    return replace(
        record,
        holder=me,
        seconds=DURATION_SECONDS,
        transitions=record.transitions + 1,
        acquired=date,
        renewed=date,
    )


def released(record: Record, date: str) -> Record:
    """The Lease as its holder leaves it: anybody may take it at once."""
    return replace(record, holder="", seconds=1, renewed=date)
