"""`laneway failed list | show | retry | drop`: what a person on call does with failed jobs."""

from __future__ import annotations

import re
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from laneway.cli.failed_view import (
    Row,
    attempts,
    causes,
    causes_table,
    page,
    progress,
    refusal_line,
    result_line,
    rows_table,
    tell_dry_run,
    tell_end,
    unreadable_line,
)
from laneway.cli.output import (
    Exit,
    JsonOption,
    PoolOption,
    TimeoutOption,
    errors_in_words,
    fail,
    open_pool,
    print_json,
    printable,
    say,
)
from laneway.schema.codes import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.client import Pool
    from laneway.failed_entries import Unreadable
    from laneway.failed_jobs import Refused, RetryOutcome
    from laneway.schema.result import Result

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True, help="Jobs that failed for good: which and why; send them again, or keep them no longer."
)

ROWS_SHOWN = 50
RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:/([smh]))?")
SECONDS = {"s": 1, "m": 60, "h": 3600, None: 1}

JobArgument = Annotated[str, typer.Argument(metavar="ID", help="The job's id.")]
JobsArgument = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Only these jobs.")]
CodeOption = Annotated[ErrorCode | None, typer.Option("--code", metavar="CODE", help="Only with this error code.")]
OfLaneOption = Annotated[str | None, typer.Option("--lane", help="Only of this lane.")]
OlderOption = Annotated[
    str | None, typer.Option("--older-than", metavar="AGE", help="Only what failed longer ago: 90s, 5m, 36h.")
]
NewerOption = Annotated[
    str | None, typer.Option("--newer-than", metavar="AGE", help="Only what failed since: 90s, 5m.")
]
AllOption = Annotated[bool, typer.Option("--all", help="All failed jobs.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it: a selection is only shown without this.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done, also for ids.")]
RateOption = Annotated[str, typer.Option("--rate", metavar="N/s", help="At most so many: 10/s, 30/m, 600/h.")]


@dataclass(frozen=True)
class _Wanted:
    """Which failed jobs the command line means."""

    ids: list[str] | None
    code: ErrorCode | None
    lane: str | None
    older_than: timedelta | None
    newer_than: timedelta | None

    @property
    def by_properties(self) -> bool:
        return any(each is not None for each in (self.code, self.lane, self.older_than, self.newer_than))

    def rows(self, pool: Pool) -> list[Row]:
        unreadable: list[Unreadable] = []
        found = pool.failed.list(
            self.ids,
            code=self.code,
            lane=self.lane,
            older_than=self.older_than,
            newer_than=self.newer_than,
            unreadable=unreadable.append,
        )
        rows = [Row.of(job) for job in found]
        if unreadable:
            say(unreadable_line([each.key for each in unreadable]))
        return rows


def _wanted(
    ids: list[str] | None, code: ErrorCode | None, lane: str | None, older: str | None, newer: str | None
) -> _Wanted:
    return _Wanted(ids or None, code, lane, _age(older, "--older-than"), _age(newer, "--newer-than"))


def _age(text: str | None, option: str) -> timedelta | None:
    from laneway.schema.base import duration_seconds  # noqa: PLC0415 - costs what `--help` should not pay

    if text is None:
        return None
    try:
        return timedelta(seconds=duration_seconds(text))
    except ValueError as error:
        fail(f"{option} {error}", Exit.USAGE)


def _rate(text: str) -> float:
    match = RATE.fullmatch(text)
    if match is None or not float(match[1]):
        fail("--rate should be a number a second, minute or hour, such as 10/s, 30/m or 600/h", Exit.USAGE)
    return float(match[1]) / SECONDS[match[2]]


@app.command("list")
def list_(
    ids: JobsArgument = None,
    code: CodeOption = None,
    lane: OfLaneOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    limit: Annotated[int, typer.Option(min=0, help="Most rows for people; 0 shows all.")] = ROWS_SHOWN,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """List failed jobs: how many for which reason, then one a line, the newest first."""
    with errors_in_words():
        rows = _wanted(ids, code, lane, older_than, newer_than).rows(open_pool(pool))
        rows.sort(key=lambda row: row.failed_at, reverse=True)
        if json_:
            print_json({"causes": causes(rows), "jobs": [row.to_document() for row in rows]})
        elif not rows:
            say("no failed jobs")
        else:
            shown = rows[: limit or None]
            typer.echo(f"{causes_table(rows)}\n\n{rows_table(shown, datetime.now(UTC))}")
            if len(shown) < len(rows):
                say(f"and {len(rows) - len(shown)} more: --limit 0 shows all")


@app.command()
def show(
    job_id: JobArgument,
    body: Annotated[bool, typer.Option("--body", help="Print the job's body: its prompt, as it was sent.")] = False,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Show why a job failed, its attempts, and what to do; its prompt only with --body."""
    with _refusals_in_words():
        source = open_pool(pool)
        job = source.failed.show(job_id)
        text = source.failed.body(job) if body else None
        if json_:
            document = job.model_dump(mode="json", exclude={"body"}) | {"attempts": attempts(job)}
            print_json(document if text is None else document | {"body": text})
        elif text is None:
            typer.echo(page(job))
        else:
            typer.echo(printable(text) if sys.stdout.isatty() else text)


@app.command()
def retry(
    ids: JobsArgument = None,
    code: CodeOption = None,
    lane: OfLaneOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    all_: AllOption = False,
    to: Annotated[
        str | None, typer.Option("--to", metavar="LANE", help="Send to this lane. Default: each's own.")
    ] = None,
    rate: RateOption = "10/s",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait for the new results.")] = False,
    timeout: TimeoutOption = None,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Send failed jobs again, as they were sent. Jobs named by id go at once, a selection is shown first."""
    with _refusals_in_words():
        per_second = _rate(rate)
        target = open_pool(pool)
        if to is not None:
            target.lane(to)
        names = _chosen(target, _wanted(ids, code, lane, older_than, newer_than), all_, yes, dry_run, json_)
        done, refused = _carry_out("sent", names, target.failed.retry_all(names, to=to, rate=per_second))
        results, late = _wait_for(target, done, timeout, json_) if wait else ([], "")
        tell_end("sent", [each.id for each in done], refused, json_, results if wait else None)
        if late:
            fail(late, Exit.NOT_YET)
        if refused or any(each.status != "succeeded" for each in results):
            raise typer.Exit(int(Exit.JOB_FAILED))


@app.command()
def drop(
    ids: JobsArgument = None,
    code: CodeOption = None,
    lane: OfLaneOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    all_: AllOption = False,
    rate: RateOption = "50/s",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Keep failed jobs no longer; their results stay. Jobs named by id go at once, a selection is shown first."""
    with _refusals_in_words():
        per_second = _rate(rate)
        target = open_pool(pool)
        names = _chosen(target, _wanted(ids, code, lane, older_than, newer_than), all_, yes, dry_run, json_)
        done, refused = _carry_out("dropped", names, target.failed.drop_all(names, rate=per_second))
        tell_end("dropped", [each.id for each in done], refused, json_)
        if refused:
            raise typer.Exit(int(Exit.JOB_FAILED))


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    from laneway.failed_jobs import FailedJobRefused  # noqa: PLC0415 - boto3 is slow to import

    with errors_in_words():
        try:
            yield
        except FailedJobRefused as error:
            fail(str(error), Exit.USAGE)


def _chosen(pool: Pool, wanted: _Wanted, all_: bool, yes: bool, dry_run: bool, json_: bool) -> list[str]:
    """The ids to act on; a selection, and anything with --dry-run, is shown first and ends the command."""
    nothing = not (wanted.ids or all_ or wanted.by_properties)
    if nothing or (wanted.ids and all_):
        fail("name jobs by id, or select them: --code, --lane, --older-than, --newer-than, or --all", Exit.USAGE)
    if wanted.ids and not wanted.by_properties and not dry_run:
        return list(dict.fromkeys(wanted.ids))
    rows = wanted.rows(pool)
    if rows and (dry_run or not yes):
        tell_dry_run(rows, json_)
        raise typer.Exit(int(Exit.NOT_YET))
    return [row.id for row in rows]


def _carry_out(verb: str, names: list[str], outcomes: Iterator[T | Refused]) -> tuple[list[T], list[Refused]]:
    """What was done and what was refused, in order; each refusal is told at once."""
    from laneway.failed_jobs import Refused  # noqa: PLC0415 - boto3 is slow to import

    done: list[T] = []
    refused: list[Refused] = []
    try:
        with progress(verb, len(names)) as update:
            for outcome in outcomes:
                if isinstance(outcome, Refused):
                    refused.append(outcome)
                    say(refusal_line(outcome))
                else:
                    done.append(outcome)
                update(len(done), len(refused))
    except BaseException:
        say(f"{verb} {len(done)} of {len(names)}; the same command goes on with the rest")
        raise
    return done, refused


def _wait_for(pool: Pool, sent: list[RetryOutcome], timeout: float | None, json_: bool) -> tuple[list[Result], str]:
    """The new results, each shown as it is its turn, and what came too late; one deadline for all."""
    deadline = None if timeout is None else time.monotonic() + timeout
    results: list[Result] = []
    for each in sent:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            results.append(pool.wait(each.id, timeout=left, replaced=each.replaces))
        except TimeoutError:
            return results, f"{len(sent) - len(results)} jobs have no new result after {timeout:g} s; they go on"
        if not json_:
            typer.echo(result_line(results[-1]))
    return results, ""
