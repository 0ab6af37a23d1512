"""How failed jobs look on a screen and in JSON."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from laneway.cli.output import console, on_one_line, print_json, say, tell
from laneway.schema.job.codes import CODES, ErrorCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from laneway.client.failed_jobs import Refused, RetryOutcome
    from laneway.schema.job.failed_job import FailedJob
    from laneway.schema.job.result import Result

LINE_SECONDS = 5.0
MESSAGE_WIDTH = 60
KEYS_NAMED = 3
UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


@dataclass(frozen=True)
class Row:
    """A failed job without its body, so that very many fit into memory."""

    id: str
    lane: str
    code: ErrorCode
    attempts: int
    submitted_at: datetime
    failed_at: datetime
    message: str

    @classmethod
    def of(cls, job: FailedJob) -> Row:
        """What a list shows of a job."""
        error = job.error
        return cls(job.id, job.lane, error.code, attempts(job), job.submitted_at, job.failed_at, error.message)

    def to_document(self) -> dict[str, Any]:
        """For programs."""
        times = {"submitted_at": self.submitted_at.isoformat(), "failed_at": self.failed_at.isoformat()}
        return vars(self) | times


def attempts(job: FailedJob) -> int:
    """How many attempts failed: those before, and the last one where its cause counts as one."""
    before = job.failures[-1].attempt if job.failures else 0
    return before + CODES[job.error.code].retried


def causes(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """How many failed for which reason in which lane, the most first."""
    counts = Counter((row.code, row.lane) for row in rows)
    return [{"code": code, "lane": lane, "jobs": count} for (code, lane), count in counts.most_common()]


def causes_table(rows: Sequence[Row]) -> str:
    """The same for people."""
    cells = ((each["code"], on_one_line(each["lane"]), str(each["jobs"])) for each in causes(rows))
    return _table([("CODE", "LANE", "JOBS"), *cells])


def rows_table(rows: Sequence[Row], now: datetime) -> str:
    """A line for each."""
    head = ("ID", "LANE", "CODE", "ATTEMPTS", "AGE", "MESSAGE")
    return _table([head, *(_cells(row, now) for row in rows)])


def _cells(row: Row, now: datetime) -> tuple[str, ...]:
    message = on_one_line(row.message.partition("\n")[0])
    short = message if len(message) <= MESSAGE_WIDTH else message[: MESSAGE_WIDTH - 1] + "…"
    return row.id, on_one_line(row.lane), row.code, str(row.attempts), age(row.failed_at, now), short


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def age(since: datetime, now: datetime) -> str:
    """Two units at most: `3d4h`, `12m`, `5s`."""
    seconds = max(0, int((now - since).total_seconds()))
    for (size, unit), (lower, name) in zip(UNITS, (*UNITS[1:], (1, "s")), strict=True):
        if seconds >= size:
            rest = seconds % size // lower
            return f"{seconds // size}{unit}" + (f"{rest}{name}" if rest else "")
    return f"{seconds}s"


def page(job: FailedJob) -> str:
    """Everything about one job but its body. Whoever may send can forge a history, and no line of it is of ours."""
    error = job.error
    lines = [
        f"{job.id} failed in lane {on_one_line(job.lane)}, {age(job.failed_at, datetime.now(UTC))} ago: {error.code}",
        f"  {on_one_line(error.message)}",
        f"  {on_one_line(error.fix)}",
        f"submitted  {_moment(job.submitted_at)}",
        f"failed     {_moment(job.failed_at)}",
        f"attempts   {attempts(job)}",
        *(
            f"  {each.attempt}. {_moment(each.at)}  {each.code}: {on_one_line(f'{each.message} ({each.worker})')}"
            for each in job.failures
        ),
        *(
            [f"  {attempts(job)}. {_moment(job.failed_at)}  {error.code}, as above"]
            if CODES[error.code].retried
            else []
        ),
        f"body       laneway failed show --body {job.id}",
        f"retry      laneway failed retry {job.id}",
    ]
    return "\n".join(lines)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def unreadable_line(keys: Sequence[str]) -> str:
    """Which entries a newer version may read."""
    entries = "1 entry is" if len(keys) == 1 else f"{len(keys)} entries are"
    more = f" and {len(keys) - KEYS_NAMED} more" if len(keys) > KEYS_NAMED else ""
    return on_one_line(f"{entries} not readable by this version: {', '.join(keys[:KEYS_NAMED])}{more}")


def refusal_line(refused: Refused) -> str:
    """Which job was refused, and why."""
    named = refused.reason if refused.id in refused.reason else f"{refused.id}: {refused.reason}"
    return on_one_line(named)


def result_line(result: Result) -> str:
    """How a job that was retried ended."""
    reason = "" if result.error is None else f": {result.error.code}: {result.error.message}"
    return on_one_line(f"{result.id} {result.status}{reason}")


def late_line(late: int, seconds: float | None) -> str:
    """How many jobs were not waited for to the end."""
    jobs, go = ("1 job has", "it goes") if late == 1 else (f"{late} jobs have", "they go")
    return f"{jobs} no new result after {seconds:g} s; {go} on"


def tell_dry_run(rows: Sequence[Row], json_: bool) -> None:
    """What a selection means."""
    if json_:
        print_json({"dry_run": True, "causes": causes(rows), "jobs": [row.id for row in rows]})
    else:
        tell(causes_table(rows))
    these = "this is 1 failed job" if len(rows) == 1 else f"these are {len(rows)} failed jobs"
    say(f"a dry run: {these} (`laneway failed list`), and nothing was done; --yes does it")


def tell_end(
    verb: str, ids: list[str], refused: list[Refused], json_: bool, results: list[Result] | None = None
) -> None:
    """What was done, and where it was waited for, how it ended."""
    if json_:
        refusals = [{"id": each.id, "reason": each.reason} for each in refused]
        ends = {} if results is None else {"results": [_summary(each) for each in results]}
        print_json({"dry_run": False, verb: ids, "refused": refusals, **ends})
    elif ids or refused:
        say(f"{verb} {len(ids)}, refused {len(refused)}")


def tell_whose(sent: list[RetryOutcome]) -> None:
    """Of jobs whose message was somebody else's: whose request was sent."""
    for each in sent:
        if each.stored:
            say(f"{each.id}: what had failed was another request under this id; its owner's stored one was sent")


def _summary(result: Result) -> dict[str, Any]:
    code = None if result.error is None else result.error.code
    return {"id": result.id, "status": result.status, "code": code}


@contextmanager
def progress(verb: str, total: int) -> Iterator[Callable[[int, int], None]]:
    """Takes how many are done and how many were refused: a bar on a terminal, a line now and then in a pipe."""
    shown = _bar if console().is_terminal and total > 1 else _lines
    with shown(verb, total) as update:
        yield update


@contextmanager
def _bar(verb: str, total: int) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - a terminal's

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console()) as bar:
        task = bar.add_task(verb, total=total)
        yield lambda done, refused: bar.update(
            task, completed=done + refused, description=f"{verb} {done}, refused {refused}"
        )


@contextmanager
def _lines(verb: str, total: int) -> Iterator[Callable[[int, int], None]]:
    said = time.monotonic()

    def update(done: int, refused: int) -> None:
        nonlocal said
        if time.monotonic() - said >= LINE_SECONDS and done + refused < total:
            said = time.monotonic()
            say(f"{verb} {done}, refused {refused} of {total}")

    yield update
