"""The figures of a run: as a table, and as JSON. Pure."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING

from support.chaos.between.faults import Kind
from support.chaos.plan import FAILING, POISON, Fate, Play
from support.chaos.world import VISIBILITY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from support.chaos.between.faults import Faults
    from support.chaos.drains import Drained
    from support.chaos.real import Real
    from support.chaos.storm import Storm

Figures = dict[str, object]

AIM_SECONDS = VISIBILITY_SECONDS + 5


def storm_figures(storm: Storm, broken: Sequence[str]) -> Figures:
    """What was sent, done and found."""
    return {
        **_outcome(storm, broken),
        **_done(storm),
        **{f"calls {what}": count for what, count in storm.scene.faults.by_kind().items()},
        **_recovery(storm),
        **_waste(storm),
    }


def _outcome(storm: Storm, broken: Sequence[str]) -> Figures:
    accepted = {job.id for job in storm.found.jobs}
    ends = [result.status for result in storm.found.results.values()]
    poison = sum(job.fate in (*POISON, Fate.DEADLY) for job in storm.found.jobs)
    return {
        "jobs accepted": len(accepted),
        "results": len(storm.found.results),
        "lost": len(accepted - storm.found.results.keys()),
        "results written more than once": sum(times > 1 for times in storm.found.versions.results.values()),
        "messages stuck": sum(storm.found.left.values()),
        "succeeded": ends.count("succeeded"),
        "failed, of planted poison": f"{ends.count('failed')} of {poison}",
        "failed jobs kept": len(storm.found.versions.failed),
        "results of which nobody was told": len(storm.found.results.keys() - {job for job, _ in storm.found.told}),
        "promises broken": len(broken),
        "wall time, s": round(storm.wall_seconds, 1),
        "jobs a second, while they waited": round(_pace(storm), 1),
    }


def _pace(storm: Storm) -> float:
    """Up to the 90th percentile of results: after it workers wait for leases to end, not jobs for workers."""
    at = sorted(storm.scene.ledger.stored_at.values())
    most = at[: 9 * len(at) // 10]
    return len(most) / (most[-1] - most[0])


def _done(storm: Storm) -> Figures:
    monkey = storm.monkey
    return {
        "workers killed": monkey.kills,
        "· jobs without a result that they held": monkey.held_by_killed,
        "workers stopped for longer than a lease": monkey.stops,
        "· messages that they held": monkey.held_by_stopped,
        "engines killed": sum(each.crashes for each in storm.scene.engines),
        "calls that broken engines answered with 500": sum(each.swallowed for each in storm.scene.engines),
        **{f"engine calls {play.value}": storm.scene.script.plays[play] for play in Play},
    }


def _recovery(storm: Storm) -> Figures:
    found = storm.scene.ledger.recoveries()
    back = [each for each in found if each.lost_answers is not None]
    direct = [each for each in back if each.lost_answers == 0]
    clean = [each for each in direct if each.times == 1 + 1]  # before the SIGKILL, and after it
    return {
        "SIGKILL to the message at a worker again, s": spread(each.delivered_after for each in back),
        f"· no answer of SQS got lost, s (aim ≤ {AIM_SECONDS})": spread(each.delivered_after for each in direct),
        "· answers of SQS got lost, jobs": len(back) - len(direct),
        "SIGKILL to the result, s": spread(each.stored_after for each in found),
        f"· nothing else befell the job, s (aim ≤ {AIM_SECONDS})": spread(each.stored_after for each in clean),
    }


def _waste(storm: Storm) -> Figures:
    calls, script, ledger = sum(storm.scene.script.calls.values()), storm.scene.script, storm.scene.ledger
    failed = sum(script.plays[play] for play in (*FAILING, Play.BUSY))
    wanted = sum(job.tokens for job in storm.found.jobs if job.succeeds)
    sent = sum(each.tokens for each in storm.scene.engines)
    told = sum(storm.found.told.values())
    return {
        "engine calls a job": round(calls / len(storm.found.jobs), 3),
        "· that the script made fail": failed,
        "· that repeated or lost a good answer": calls - failed - script.plays[Play.DEADLY] - _good(storm),
        "tokens sent, of those in results": round(sent / wanted, 3),
        "messages in answers that reached nobody": ledger.orphaned,
        "messages sent again by workers": ledger.sent_again,
        "results that found one in their place": ledger.beaten,
        "notifications a result": round(told / len(storm.found.results), 3),
    }


def _good(storm: Storm) -> int:
    return sum(result.status == "succeeded" for result in storm.found.results.values())


def drain_figures(drained: Drained) -> Figures:
    """Redeliveries, and what drains cost."""
    return {
        "clean drains": drained.drains,
        "· exit codes": ", ".join(map(str, sorted(drained.exit_codes))),
        "· SIGTERM to the end, s": spread(drained.drain_seconds),
        "· messages held at SIGTERM": drained.held,
        "messages": drained.messages,
        "messages received more than once (aim 0)": len(drained.received_twice),
        "jobs begun more than once (aim 0)": len(drained.begun_twice),
        "wall time, s": round(drained.wall_seconds, 1),
    }


def real_figures(real: Real) -> Figures:
    """The round with Ollama."""
    return {
        "jobs": len(real.results),
        "succeeded": sum(each.status == "succeeded" for each in real.results.values()),
        "runners killed": real.kills,
        "attempts that failed": sum(len(each.failures) for each in real.results.values()),
        "wall time, s": round(real.wall_seconds, 1),
    }


def spread(values: Iterable[float | None]) -> str:
    """Median, 95th percentile and highest, and of how many."""
    known = sorted(each for each in values if each is not None)
    if not known:
        return "none"
    p95 = known[min(len(known) - 1, int(0.95 * len(known)))]
    return f"p50 {statistics.median(known):.1f}, p95 {p95:.1f}, max {known[-1]:.1f} (n = {len(known)})"


def table(figures: Mapping[str, object]) -> str:
    """Rows of a Markdown table."""
    rows = (
        f"| {name} | {value:,} |" if isinstance(value, int) else f"| {name} | {value} |"
        for name, value in figures.items()
    )
    return "\n".join(["| what | figure |", "|---|---|", *rows])


def audit_table(faults: Faults) -> str:
    """What happened to each kind of call."""
    kinds = [kind.value for kind in Kind]
    rows = (
        f"| {call} | {' | '.join(f'{each[kind]:,}' for kind in kinds)} |" for call, each in faults.by_call().items()
    )
    return "\n".join([f"| call | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|", *rows])


def as_json(figures: Mapping[str, object]) -> str:
    """One line."""
    return json.dumps(figures, ensure_ascii=False)
