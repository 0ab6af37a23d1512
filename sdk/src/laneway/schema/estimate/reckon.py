"""From what can be read of a lane to an estimate. Pure: the moment and the seed arrive as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from laneway.schema.estimate.correct import corrected, depth_of, ratios_of
from laneway.schema.estimate.estimate import Estimate
from laneway.schema.estimate.simulate import Line, play
from laneway.schema.pool.schedules.schedule import asleep, wakes

if TYPE_CHECKING:
    from datetime import datetime

    from laneway.schema.estimate.correct import Range
    from laneway.schema.estimate.estimate import Known
    from laneway.schema.pool.documents.lane_estimate import LaneEstimate, Standing

ENOUGH_JOBS = 20
MOMENT = 0.001
TREND = 3  # minutes in which jobs wait longer and longer
STALE_SECONDS = 300.0  # a document that nobody has written for so long is of a lane at zero
WORDS = {"node": "node starting", "engine": "Ollama starting", "model": "model loading"}
NO_JOBS = "no estimate yet: {} of {} finished jobs are known"
NO_START = "no estimate yet: no worker is there, and nobody knows how long one takes to come"
GROWS = "and growing: jobs wait longer and longer, and no worker is on its way"
UNREAD = "no estimate yet: no worker of the lane has written what it knows"


@dataclass(frozen=True)
class Asked:
    """What is to be reckoned."""

    lane: str
    ahead: int
    running: int
    """By the queue."""
    now: datetime
    age_seconds: float = 0.0
    """Of the document, by the store's clock."""
    looked_seconds: float = 0.0
    """How long ago the queue was asked: some of those that waited then have begun."""
    seed: int = 0


def estimate(asked: Asked, known: LaneEstimate | None) -> Estimate:
    """When a job that is sent now begins."""
    if known is None:
        return _none(asked, "unread", UNREAD)
    if known.suspended:
        return _none(asked, "asleep", "somebody had stopped the lane when it was seen last: jobs wait")
    if asleep(False, known.quiet, asked.now):  # noqa: FBT003 - not suspended
        return _of_a_sleeper(asked, known)
    return _reckoned(asked, known)


def line_of(asked: Asked, known: LaneEstimate) -> Line:
    """What is so now, by a document that is a little older."""
    fresh = asked.age_seconds < STALE_SECONDS
    mean = sum(known.run_seconds) / len(known.run_seconds)
    elapsed = known.running if asked.age_seconds <= mean else ()  # later others run in their place
    return Line(
        ahead=asked.ahead,
        slots=max(known.slots if fresh else 0, asked.running),
        running=asked.running,
        elapsed=tuple(each + asked.age_seconds for each in elapsed[: asked.running]),
        starting=tuple(each.model_copy(update={"seconds": each.seconds + asked.age_seconds}) for each in known.starting)
        if fresh
        else (),
        brings=known.parallel,
        run_seconds=known.run_seconds,
        starts=known.starts,
    )


def standing_of(line: Line) -> Standing:
    """How the lane stands."""
    return "starting" if line.starting else "ready" if line.slots else "zero"


def _reckoned(asked: Asked, known: LaneEstimate) -> Estimate:
    if len(known.run_seconds) < ENOUGH_JOBS:
        return _none(asked, "too_few", NO_JOBS.format(len(known.run_seconds), ENOUGH_JOBS))
    asked = _since(asked, known)
    line = line_of(asked, known)
    draws = play(line, asked.seed)
    if draws is None:
        return _none(asked, "no_start_times", NO_START)
    standing, depth = standing_of(line), depth_of(asked.ahead)
    found = corrected(draws, ratios_of(known.corrections, depth, standing))
    told = _none(asked, "range", _note(known, line))
    return told.model_copy(update={"depth": depth, "standing": standing, **_seconds(found)})


def _since(asked: Asked, known: LaneEstimate) -> Asked:
    """Without those that have begun since the queue was asked."""
    slots = max(known.slots if asked.age_seconds < STALE_SECONDS else 0, asked.running)
    begun = asked.looked_seconds * slots * len(known.run_seconds) / max(MOMENT, sum(known.run_seconds))
    return replace(asked, ahead=max(0, asked.ahead - int(begun)))


def _seconds(found: Range) -> dict[str, float]:
    return {
        "low_seconds": round(found.low, 1),
        "median_seconds": round(found.median, 1),
        "high_seconds": round(found.high, 1),
        "raw_seconds": round(found.raw, 1),
    }


def _of_a_sleeper(asked: Asked, known: LaneEstimate) -> Estimate:
    """It begins at zero when it wakes. How its jobs came out awake says nothing of that."""
    at = wakes(known.quiet, asked.now)
    told = _none(asked, "asleep", f"sleeps until {at:%a %H:%M} UTC")
    told = told.model_copy(update={"wakes_at": at})
    if len(known.run_seconds) < ENOUGH_JOBS:
        return told
    line = replace(line_of(asked, known), slots=0, running=0, elapsed=(), starting=())
    draws, sleeps = play(line, asked.seed), (at - asked.now).total_seconds()
    if draws is None:
        return told
    found = corrected(draws, ())
    range_ = type(found)(*(each + sleeps for each in found))
    return told.model_copy(
        update={"standing": "zero", "depth": depth_of(asked.ahead), **_seconds(range_), "raw_seconds": None}
    )


def _none(asked: Asked, known: Known, note: str) -> Estimate:
    return Estimate(lane=asked.lane, known=known, ahead=asked.ahead, note=note)


def _note(known: LaneEstimate, line: Line) -> str:
    if not line.slots:
        return WORDS[line.starting[0].stage] if line.starting else "the lane is at zero: a worker is started for it"
    return GROWS if not line.starting and grows(known.head_of_line_seconds) else ""


def grows(heads: tuple[float, ...]) -> bool:
    """Whether jobs wait longer and longer."""
    return len(heads) >= TREND and all(later > sooner for sooner, later in pairwise(heads))
