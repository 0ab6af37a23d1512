"""What is to be thought of a lane and a pool, and what to do: pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway_dashboard.ports.watching import LaneSeen, PoolSeen

LONG_SECONDS = 600.0  # a node and a model may take this long to start
FAILING_SHARE = 0.2  # of today's jobs
FAILING_LEAST = 5
FAILING = "failing"


class Mood(StrEnum):
    """How bad it is, the worst first."""

    TROUBLE = "trouble"
    WATCH = "watch"
    PAUSED = "paused"
    ASLEEP = "asleep"
    WELL = "well"


ORDER = tuple(Mood)


@dataclass(frozen=True)
class Verdict:
    """A word, why, and what to do."""

    mood: Mood
    word: str
    why: str = ""
    fix: str = ""
    share: float = 1.0
    """Of its work that it hits, as far as that is known."""

    @property
    def of_failures(self) -> bool:
        """Whether the failed jobs say what to change."""
        return self.word == FAILING


def verdict(lane: LaneSeen) -> Verdict:
    """What a person on call has to know first."""
    return (
        _unread(lane) or _stopped(lane) or _held_up(lane) or _without_workers(lane) or _failing(lane) or _at_work(lane)
    )


def _unread(lane: LaneSeen) -> Verdict | None:
    if lane.trouble is None:
        return None
    return Verdict(Mood.TROUBLE, "unknown", "Its figures can't be read.", lane.trouble)


def _stopped(lane: LaneSeen) -> Verdict | None:
    waiting = f"{_jobs(lane.queued)} wait." if lane.queued else ""
    if lane.paused:
        return Verdict(Mood.PAUSED, "paused", waiting or "Nobody waits.", "Resume it to have jobs begun again.")
    if lane.is_asleep:
        return Verdict(
            Mood.ASLEEP, "asleep", waiting or "Nobody waits.", "A schedule has it sleep; it wakes by itself."
        )
    return None


def _held_up(lane: LaneSeen) -> Verdict | None:
    held = [each for each in lane.workers or () if each.is_held_up]
    if not held:
        return None
    of = len(lane.workers or ())
    why = f"{len(held)} of {of} workers: {held[0].told}."
    mood = Mood.TROUBLE if len(held) == of else Mood.WATCH
    return Verdict(mood, "held up", why, f"The log of {held[0].name} says more.")


def _without_workers(lane: LaneSeen) -> Verdict | None:
    if lane.workers is None or lane.workers or not lane.queued:
        return None
    if lane.stage is not None and (lane.oldest_seconds or 0) < LONG_SECONDS:
        return Verdict(
            Mood.WATCH, "starting", f"{_jobs(lane.queued)} wait: {lane.stage}.", "Nothing: this takes minutes."
        )
    why = f"{_jobs(lane.queued)} wait, and no worker is there{f': {lane.stage}' if lane.stage else ''}."
    return Verdict(Mood.TROUBLE, "no workers", why, "`kubectl describe` the pool: its conditions say what is missing.")


def _failing(lane: LaneSeen) -> Verdict | None:
    today = lane.today
    if today is None or today.failed < FAILING_LEAST:
        return None
    share = today.failed / (today.failed + today.succeeded)
    if share < FAILING_SHARE:
        return None
    return Verdict(
        Mood.TROUBLE,
        FAILING,
        f"{share:.0%} of today's jobs failed.",
        "The failed jobs, by cause, say what to change.",
        share,
    )


def _at_work(lane: LaneSeen) -> Verdict:
    if lane.running:
        return Verdict(Mood.WELL, "running")
    if lane.queued:
        return Verdict(Mood.WELL, "queued", f"{_jobs(lane.queued)} wait to be received.")
    if lane.workers == ():
        return Verdict(Mood.WELL, "at zero", "Idle: nothing runs, and nothing is paid for.")
    return Verdict(Mood.WELL, "idle")


def _jobs(count: int | None) -> str:
    return "1 job" if count == 1 else f"{count or 0:,} jobs"


def pool_verdict(pool: PoolSeen) -> Verdict:
    """The worst of its lanes', or what keeps it from being read. Lanes that somebody stopped are no trouble."""
    if pool.troubles:
        return Verdict(Mood.TROUBLE, "unknown", "Not everything of it can be read.", pool.troubles[0])
    found = [(lane.name, verdict(lane)) for lane in pool.lanes]
    bad = [each for each in found if each[1].mood in (Mood.TROUBLE, Mood.WATCH)]
    if bad:
        name, worst = min(bad, key=lambda each: _badness(each[1]))
        return Verdict(worst.mood, worst.word, f"Lane {name}: {worst.why}{_others(len(bad) - 1)}", worst.fix)
    stopped = [f"{name} is {each.word}" for name, each in found if each.mood is not Mood.WELL]
    if len(stopped) == len(found) > 0:
        return Verdict(found[0][1].mood, found[0][1].word, f"{'; '.join(stopped)}.")
    return Verdict(Mood.WELL, _busiest(each for _, each in found), f"{'; '.join(stopped) or 'Every lane is well'}.")


def _badness(found: Verdict) -> tuple[int, bool, float]:
    """The worst is the least. What a lane can't do now goes before what failed today."""
    return ORDER.index(found.mood), found.of_failures, -found.share


def _others(count: int) -> str:
    return f" And {count} more of its lanes." if count else ""


def _busiest(verdicts: Iterable[Verdict]) -> str:
    words = [each.word for each in verdicts]
    return next((word for word in ("running", "queued", "idle", "at zero") if word in words), "empty")
